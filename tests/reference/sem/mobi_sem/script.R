# The structural model of the mobile-phone study, with its indirect effect.
source("../../R/sem.R")
sem_case("sem", "../../../../data/mobi/responses.csv")
