"""Multiple imputation: gaps filled in several times, by models that know scales, groups and clusters."""
