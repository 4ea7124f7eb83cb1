# The same with the predictors' means and covariances estimated.
source("../../R/sem_general.R")
general_case("sem", "../../data/mobi_scores.csv", meanstructure = TRUE, fixed.x = FALSE)
