# Sandwich standard errors beside the standard test.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", se = "robust.huber.white")
