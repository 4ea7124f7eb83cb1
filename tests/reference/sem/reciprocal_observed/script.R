# Two observed variables that predict each other.
source("../../R/sem.R")
sem_case("sem", "../../data/soldiers.csv",
         columns = c("AGE", "JOBSAT1", "COMMIT1", "READY1"), complete = TRUE)
