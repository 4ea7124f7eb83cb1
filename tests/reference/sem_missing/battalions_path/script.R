# A path model over the waves with a fixed predictor; robust.
source("../../R/sem_general.R")
general_case("sem", "../../data/battalions.csv", columns = c("AGE", "JOBSAT1", "JOBSAT2", "JOBSAT3", "COMMIT1",
             "COMMIT2", "COMMIT3", "READY1", "READY2", "READY3"), missing = "fiml", estimator = "MLR")
