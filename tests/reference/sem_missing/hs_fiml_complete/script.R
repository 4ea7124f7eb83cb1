# Full information from data without a missing answer.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", missing = "fiml", estimator = "MLR")
