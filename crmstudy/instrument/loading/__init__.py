"""The parts of an instrument file, each read with all its faults."""
