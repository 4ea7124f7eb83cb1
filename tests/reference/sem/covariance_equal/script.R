# The same with loadings, residual variances and residual covariances equal over time.
source("../../R/sem.R")
covariance_case("sem", "../../data/alienation.csv", n = 932)
