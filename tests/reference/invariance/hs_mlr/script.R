# The same by robust maximum likelihood: scaled differences.
source("../../R/invariance.R")
ladder_case("../../data/holzinger.csv", list(
  configural = list(),
  metric = list(group.equal = c("loadings")),
  scalar = list(group.equal = c("loadings", "intercepts")),
  strict = list(group.equal = c("loadings", "intercepts", "residuals")),
  means = list(group.equal = c("loadings", "intercepts", "residuals", "means"))
), group = "school", estimator = "MLR")
