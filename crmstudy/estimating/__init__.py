"""A model meets data: options, sample, matrices, start values, the optimum and what follows from it."""
