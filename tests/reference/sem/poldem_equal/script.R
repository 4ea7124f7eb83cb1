# Loadings held equal over time by labels: the steps and standard errors respect the equalities.
source("../../R/sem.R")
sem_case("sem", "../../data/democracy.csv")
