# Weighted least squares with the fourth moments (ADF) in two schools, two factors, loadings equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "WLS", group = "school", group.equal = c("loadings"))
