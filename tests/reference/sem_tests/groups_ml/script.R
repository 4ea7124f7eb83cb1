# Three nested two-group models by ML, compared by every method lavaan has.
source("../../R/sem_after.R")
tests_case("cfa", "../../data/holzinger.csv", list(
  configural = list(),
  metric = list(group.equal = "loadings"),
  scalar = list(group.equal = c("loadings", "intercepts"))
), "default", estimator = "ML", group = "school")
