# The same kind of model with random exogenous variables: their moments are parameters.
source("../../R/sem.R")
sem_case("sem", "../../data/soldiers.csv",
         columns = c("AGE", "JOBSAT1", "COMMIT1", "READY1"), complete = TRUE, fixed.x = FALSE)
