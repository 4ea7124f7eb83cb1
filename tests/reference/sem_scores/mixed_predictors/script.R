# A latent and an observed predictor of a factor.
source("../../R/sem_after.R")
scores_case("sem", "../../../../data/mobi/responses.csv")
