# Sampling weights with fixed predictors.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger_weighted.csv", sampling.weights = "weight")
