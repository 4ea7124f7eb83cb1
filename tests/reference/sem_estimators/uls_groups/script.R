# Unweighted least squares in two schools, loadings and intercepts equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "ULS", group = "school", group.equal = c("loadings",
             "intercepts"))
