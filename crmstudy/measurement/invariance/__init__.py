"""Whether a measurement model is the same in groups or waves."""
