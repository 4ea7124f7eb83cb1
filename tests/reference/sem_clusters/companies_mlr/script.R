# The same asked for as MLR: another information in the test.
source("../../R/sem_general.R")
general_case("cfa", "../../data/companies.csv", cluster = "COMPID", estimator = "MLR")
