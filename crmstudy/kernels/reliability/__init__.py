"""Internal consistency: coefficients and bounds from a covariance matrix, splits of a scale."""
