# Incomplete rows of men and women, robust.
source("../../R/invariance.R")
ladder_case("../../data/personality.csv", list(
  configural = list(),
  metric = list(group.equal = c("loadings")),
  scalar = list(group.equal = c("loadings", "intercepts"))
), group = "gender", columns = c(paste0("A", 1:5), paste0("C", 1:5), "gender"), missing = "ml",
  estimator = "MLR")
