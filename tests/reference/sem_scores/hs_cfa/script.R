# Factor scores of three correlated factors.
source("../../R/sem_after.R")
scores_case("cfa", "../../data/holzinger.csv")
