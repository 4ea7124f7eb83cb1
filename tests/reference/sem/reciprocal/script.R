# Two factors that predict each other, each with a predictor of its own: not recursive.
source("../../R/sem.R")
sem_case("sem", "../../data/holzinger.csv")
