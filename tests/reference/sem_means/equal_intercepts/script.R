# Intercepts and loadings held equal by labels: means of the factors over parallel tests.
source("../../R/sem_general.R")
general_case("sem", "../../data/democracy.csv")
