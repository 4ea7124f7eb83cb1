# A residual variance as a function of others: error variances in proportion.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv")
