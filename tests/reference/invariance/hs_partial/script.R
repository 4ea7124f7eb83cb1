# Two intercepts left free: partial invariance.
source("../../R/invariance.R")
ladder_case("../../data/holzinger.csv", list(
  configural = list(),
  metric = list(group.equal = c("loadings")),
  scalar = list(group.equal = c("loadings", "intercepts")),
  strict = list(group.equal = c("loadings", "intercepts", "residuals")),
  means = list(group.equal = c("loadings", "intercepts", "residuals", "means"))
), group = "school", group.partial = c("x3~1", "x7~1"))
