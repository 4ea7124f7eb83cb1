# A structural model with equality constraints.
source("../../R/sem_after.R")
residuals_case("sem", "../../data/democracy.csv")
