# A regression written as a model: no degrees of freedom left.
source("../../R/sem.R")
sem_case("sem", "../../data/soldiers.csv",
         columns = c("AGE", "JOBSAT1", "COMMIT1", "READY1"), complete = TRUE)
