# Equal loadings, then an equal path, in a structural model by ML.
source("../../R/sem_after.R")
tests_case("sem", "../../data/democracy.csv", list(
  free = list(),
  equal = list(file = "equal.lav"),
  equal_paths = list(file = "paths.lav")
), "default", estimator = "ML")
