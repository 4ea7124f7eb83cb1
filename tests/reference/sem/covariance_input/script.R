# The stability of alienation from its covariance matrix, N = 932.
source("../../R/sem.R")
covariance_case("sem", "../../data/alienation.csv", n = 932)
