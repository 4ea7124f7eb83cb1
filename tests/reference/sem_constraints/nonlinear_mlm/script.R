# A nonlinear equality under MLM.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "MLM")
