# One factor.
source("../../R/sem.R")
sem_case("cfa", "../../../../data/mobi/responses.csv")
