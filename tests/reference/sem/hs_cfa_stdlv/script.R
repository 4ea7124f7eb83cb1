# The same scaled by factor variances of one.
source("../../R/sem.R")
sem_case("cfa", "../../data/holzinger.csv", std.lv = TRUE)
