# The same with the loadings estimated and equal.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 932, likelihood = "wishart", information = "observed")
