"""Convergent and discriminant validity of a fitted model."""
