# MLM of an observed path model with fixed predictors and intercepts.
source("../../R/sem_general.R")
general_case("sem", "../../data/mobi_scores.csv", estimator = "MLM", meanstructure = TRUE)
