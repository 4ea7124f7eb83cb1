# MLR of an observed path model with fixed predictors.
source("../../R/sem_general.R")
general_case("sem", "../../data/mobi_scores.csv", estimator = "MLR")
