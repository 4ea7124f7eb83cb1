# A general factor above three factors.
source("../../R/sem.R")
sem_case("cfa", "../../data/holzinger.csv")
