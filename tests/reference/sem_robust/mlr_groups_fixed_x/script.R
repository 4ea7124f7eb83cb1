# MLR in two schools with fixed predictors.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "MLR", group = "school", group.equal = c("loadings"))
