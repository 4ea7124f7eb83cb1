# Fixed predictors: rows without a predictor are left out.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger_holes.csv", missing = "fiml")
