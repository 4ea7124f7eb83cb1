# Sampling weights with missing answers.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_holes.csv", sampling.weights = "weight", missing = "fiml", estimator = "MLR")
