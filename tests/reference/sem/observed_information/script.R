# Standard errors from the observed information.
source("../../R/sem.R")
sem_case("sem", "../../data/democracy.csv", information = "observed")
