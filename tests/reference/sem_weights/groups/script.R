# Sampling weights in two schools, loadings and intercepts equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_weighted.csv", sampling.weights = "weight", group = "school", group.equal =
             c("loadings", "intercepts"))
