# A zero covariance and equal residual variances against their free counterparts by MLMV.
source("../../R/sem_after.R")
tests_case("cfa", "../../data/holzinger.csv", list(
  separate = list(),
  single = list(file = "single.lav")
), c("default", "satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000"), estimator = "MLMV")
