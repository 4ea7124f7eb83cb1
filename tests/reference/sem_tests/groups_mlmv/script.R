# Three nested two-group models by MLMV, compared by every method lavaan has.
source("../../R/sem_after.R")
tests_case("cfa", "../../data/holzinger.csv", list(
  configural = list(),
  metric = list(group.equal = "loadings"),
  scalar = list(group.equal = c("loadings", "intercepts"))
), c("default", "satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000"), estimator = "MLMV", group = "school")
