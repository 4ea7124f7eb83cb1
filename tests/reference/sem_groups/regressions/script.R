# Regressions equal, with fixed predictors.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "regressions"))
