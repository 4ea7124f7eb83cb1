# MLR in two schools with loadings and intercepts equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "MLR", group = "school", group.equal = c("loadings",
             "intercepts"))
