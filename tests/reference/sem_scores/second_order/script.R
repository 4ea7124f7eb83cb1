# Scores of a second-order factor and of those below it.
source("../../R/sem_after.R")
scores_case("cfa", "../../data/holzinger.csv")
