# A latent and observed exogenous predictors; the factor covaries with one of them by request.
source("../../R/sem.R")
sem_case("sem", "../../../../data/mobi/responses.csv")
