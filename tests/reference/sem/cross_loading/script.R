# A cross-loading, and two factors held uncorrelated.
source("../../R/sem.R")
sem_case("cfa", "../../data/holzinger.csv")
