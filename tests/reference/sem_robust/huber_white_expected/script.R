# Sandwich standard errors with the expected information.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", se = "robust.huber.white", information = "expected")
