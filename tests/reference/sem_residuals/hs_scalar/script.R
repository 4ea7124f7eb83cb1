# Two groups with equal loadings and intercepts.
source("../../R/sem_after.R")
residuals_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "intercepts"))
