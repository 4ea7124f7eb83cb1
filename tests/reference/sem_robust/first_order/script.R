# Standard errors asked for as first.order.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", se = "first.order")
