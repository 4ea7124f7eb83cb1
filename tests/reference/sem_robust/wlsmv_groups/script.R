# WLSMV on continuous data in two schools.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "WLSMV", group = "school", group.equal = c("loadings"))
