# Sampling weights with generalised least squares.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_weighted.csv", sampling.weights = "weight", estimator = "GLS")
