# Loadings and intercepts held equal over time, the latent mean of the second occasion free.
source("../../R/sem_after.R")
indices_case("sem", "../../data/democracy.csv", meanstructure = TRUE)
