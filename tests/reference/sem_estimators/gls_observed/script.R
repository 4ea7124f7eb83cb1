# Generalised least squares, standard errors from the observed information.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "GLS", information = "observed")
