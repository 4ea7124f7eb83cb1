# Three correlated factors of nine ability tests, scaled by their first indicator.
source("../../R/sem.R")
sem_case("cfa", "../../data/holzinger.csv")
