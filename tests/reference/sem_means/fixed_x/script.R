# Latent variables with fixed observed predictors and intercepts.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", meanstructure = TRUE)
