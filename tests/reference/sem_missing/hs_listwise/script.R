# Rows with a missing answer left out.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_holes.csv", estimator = "MLR")
