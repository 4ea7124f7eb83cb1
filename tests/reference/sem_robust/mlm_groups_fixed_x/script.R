# MLM in two schools with fixed predictors.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "MLM", group = "school", group.equal = c("loadings"))
