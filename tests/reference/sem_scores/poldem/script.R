# A structural model with residual covariances.
source("../../R/sem_after.R")
scores_case("sem", "../../data/democracy.csv", every = 5)
