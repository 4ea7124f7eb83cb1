# Standard errors from the cross-products of the casewise scores.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", information = "first.order")
