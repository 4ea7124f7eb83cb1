# A latent and an observed exogenous predictor without a word on their covariance.
source("../../R/sem.R")
sem_case("sem", "../../../../data/mobi/responses.csv")
