# MLR with the expected information.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "MLR", information = "expected")
