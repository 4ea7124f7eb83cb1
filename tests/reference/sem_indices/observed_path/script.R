# Observed variables only, fixed exogenous predictors.
source("../../R/sem_after.R")
indices_case("sem", "../../data/soldiers.csv",
             columns = c("AGE", "JOBSAT1", "COMMIT1", "READY1", "JOBSAT2"), complete = TRUE)
