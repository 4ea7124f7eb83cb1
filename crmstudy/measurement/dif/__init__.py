"""Whether groups of equal standing answer an item alike."""
