# Equalities by label under generalised least squares.
source("../../R/sem_general.R")
general_case("sem", "../../data/democracy.csv", estimator = "GLS")
