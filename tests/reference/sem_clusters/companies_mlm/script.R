# Clusters under MLM.
source("../../R/sem_general.R")
general_case("cfa", "../../data/companies.csv", cluster = "COMPID", estimator = "MLM")
