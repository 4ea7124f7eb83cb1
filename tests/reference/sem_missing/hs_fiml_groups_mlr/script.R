# The same with robust standard errors and tests.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_holes.csv", missing = "fiml", estimator = "MLR", group = "school",
             group.equal = c("loadings", "intercepts"))
