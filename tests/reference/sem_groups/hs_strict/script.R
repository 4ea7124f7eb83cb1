# Two schools, loadings, intercepts and residual variances equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "intercepts",
             "residuals"))
