# An observed and a latent endogenous variable that predict nothing: they covary by default.
source("../../R/sem.R")
sem_case("sem", "../../../../data/mobi/responses.csv")
