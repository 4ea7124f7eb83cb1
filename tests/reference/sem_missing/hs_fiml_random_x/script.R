# The predictors' moments estimated: their missing values are kept.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger_holes.csv", missing = "fiml", fixed.x = FALSE)
