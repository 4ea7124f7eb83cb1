# Yuan and Bentler's test beside standard errors of maximum likelihood.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", test = "yuan.bentler")
