"""Figures from their descriptions."""
