# MLR of a saturated path model: a test without degrees of freedom.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "MLR")
