# A path model with fixed predictors, persons in companies.
source("../../R/sem_general.R")
general_case("sem", "../../data/teams.csv", cluster = "GRP", estimator = "MLR")
