# Two schools without means, loadings equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school", meanstructure = FALSE, group.equal = c("loadings"))
