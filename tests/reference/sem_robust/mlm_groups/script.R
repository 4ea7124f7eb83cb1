# Satorra and Bentler's test in two schools with loadings and intercepts equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "MLM", group = "school", group.equal = c("loadings",
             "intercepts"))
