# Sampling weights make MLR of ML.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_weighted.csv", sampling.weights = "weight", estimator = "ML")
