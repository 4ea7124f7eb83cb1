# A path model with intercepts and fixed predictors.
source("../../R/sem_general.R")
general_case("sem", "../../data/mobi_scores.csv", meanstructure = TRUE)
