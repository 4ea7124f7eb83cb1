# Generalised least squares in two schools, loadings and intercepts equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "GLS", group = "school", group.equal = c("loadings",
             "intercepts"))
