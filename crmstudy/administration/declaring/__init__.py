"""What is declared about a study in the field: read, checked, held against its mode, and compared with promises."""
