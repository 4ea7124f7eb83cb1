"""Whether the way of asking makes constructs look related."""
