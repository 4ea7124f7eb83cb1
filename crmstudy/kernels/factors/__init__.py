"""Exploratory factors: extraction, rotation, fit, how many."""
