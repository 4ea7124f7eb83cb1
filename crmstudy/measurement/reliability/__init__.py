"""Reliability of scales."""
