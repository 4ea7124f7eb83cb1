# Estimator MLF.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "MLF")
