# Three factors with saturated intercepts.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", meanstructure = TRUE)
