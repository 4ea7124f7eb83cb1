# Alienation of 932 persons in 1967 and 1971 (Wheaton, Muthen, Alwin & Summers, 1977), loadings fixed at .833 and
# error variances equal.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 932, likelihood = "wishart", information = "observed")
