# Robust maximum likelihood: lavaan keeps the index of maximum likelihood with expected information.
source("../../R/sem_after.R")
indices_case("cfa", "../../data/holzinger.csv", estimator = "MLR")
