# Limits that are not reached.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv")
