# A structural model in two schools with fixed predictors, loadings and intercepts equal.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "intercepts"))
