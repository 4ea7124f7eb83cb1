"""Missing values: Little's test, imputation, pooling."""
