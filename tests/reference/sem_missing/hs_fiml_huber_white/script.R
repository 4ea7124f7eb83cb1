# Sandwich standard errors with the expected information beside the standard test.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_holes.csv", missing = "fiml", se = "robust.huber.white", information =
             "expected")
