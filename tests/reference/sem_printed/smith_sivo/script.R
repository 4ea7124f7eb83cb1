# Technology acceptance of 517 teachers (Smith & Sivo, 2012): a path model from printed correlations.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 517)
