"""Factors of items: how many there are, and what they are."""
