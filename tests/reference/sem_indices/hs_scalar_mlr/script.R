# The same with robust maximum likelihood.
source("../../R/sem_after.R")
indices_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "intercepts"), estimator = "MLR")
