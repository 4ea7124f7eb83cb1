# A general and three group factors, all orthogonal by fixed zero covariances.
source("../../R/sem.R")
sem_case("cfa", "../../data/holzinger.csv", std.lv = TRUE)
