"""NumPy and SciPy only: arrays in, arrays out, no files, no frames."""
