# A zero covariance and equal residual variances against their free counterparts by ML.
source("../../R/sem_after.R")
tests_case("cfa", "../../data/holzinger.csv", list(
  separate = list(),
  single = list(file = "single.lav")
), "default", estimator = "ML")
