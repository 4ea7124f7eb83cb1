# Observed variables only: two mediators, fixed exogenous predictors, defined effects.
source("../../R/sem.R")
sem_case("sem", "../../data/soldiers.csv",
         columns = c("AGE", "JOBSAT1", "COMMIT1", "READY1", "JOBSAT2"), complete = TRUE)
