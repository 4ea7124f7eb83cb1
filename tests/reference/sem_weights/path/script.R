# Sampling weights in a path model with intercepts.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger_weighted.csv", sampling.weights = "weight", meanstructure = TRUE)
