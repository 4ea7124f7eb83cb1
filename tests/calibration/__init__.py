"""Calibration: do intervals cover, and tests reject, as often as they say? See docs/calibration.md."""
