# An observed mediator between factors.
source("../../R/sem.R")
sem_case("sem", "../../../../data/mobi/responses.csv")
