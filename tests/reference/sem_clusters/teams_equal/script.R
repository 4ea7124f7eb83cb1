# Two paths equal; predictors' moments estimated.
source("../../R/sem_general.R")
general_case("sem", "../../data/teams.csv", cluster = "GRP", estimator = "MLR", fixed.x = FALSE)
