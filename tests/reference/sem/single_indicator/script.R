# One indicator with a fixed error variance.
source("../../R/sem.R")
sem_case("sem", "../../../../data/mobi/responses.csv")
