"""The model language: lavaan syntax to a specification, a parameter table and a fitted model."""
