# A second-order model and its Schmid-Leiman solution.
source("../../R/validity_more.R")
second_order_case("../../data/holzinger.csv", "g")
