# Observed variables, a fixed predictor with a metric of its own.
source("../../R/effects.R")
effects_case("sem", "../../data/soldiers.csv",
             columns = c("AGE", "JOBSAT1", "COMMIT1", "READY1", "JOBSAT2"), complete = TRUE)
