# start() changes where the search begins, not where it ends.
source("../../R/sem.R")
sem_case("sem", "../../data/democracy.csv")
