# Industrialisation and political democracy, with residual covariances over time.
source("../../R/sem.R")
sem_case("sem", "../../data/democracy.csv")
