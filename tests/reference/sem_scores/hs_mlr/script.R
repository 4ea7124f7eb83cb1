# Robust maximum likelihood changes no score.
source("../../R/sem_after.R")
scores_case("cfa", "../../data/holzinger.csv", every = 20, estimator = "MLR")
