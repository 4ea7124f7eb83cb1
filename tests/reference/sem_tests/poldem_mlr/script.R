# Equal loadings, then an equal path, in a structural model by MLR.
source("../../R/sem_after.R")
tests_case("sem", "../../data/democracy.csv", list(
  free = list(),
  equal = list(file = "equal.lav"),
  equal_paths = list(file = "paths.lav")
), c("default", "satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000"), estimator = "MLR")
