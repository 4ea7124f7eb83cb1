# Persons in companies: standard errors and test respect the clusters.
source("../../R/sem_general.R")
general_case("cfa", "../../data/companies.csv", cluster = "COMPID")
