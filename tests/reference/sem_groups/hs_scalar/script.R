# Two schools, loadings and intercepts equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "intercepts"))
