# Clusters within two groups, loadings and intercepts equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/companies.csv", cluster = "COMPID", estimator = "MLR", group = "half", group.equal =
             c("loadings", "intercepts"))
