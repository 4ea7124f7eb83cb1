# Bounds of single parameters, one reached.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv")
