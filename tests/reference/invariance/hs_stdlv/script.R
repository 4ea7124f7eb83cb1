# Scaled by factor variances of one, free in the second group once loadings are equal.
source("../../R/invariance.R")
ladder_case("../../data/holzinger.csv", list(
  configural = list(),
  metric = list(group.equal = c("loadings")),
  scalar = list(group.equal = c("loadings", "intercepts")),
  strict = list(group.equal = c("loadings", "intercepts", "residuals")),
  means = list(group.equal = c("loadings", "intercepts", "residuals", "means"))
), group = "school", std.lv = TRUE)
