# A negative residual variance, simulated (data/make.R).
source("../../R/sem.R")
sem_case("cfa", "../../data/heywood.csv")
