# A second-order factor of four simulated scales.
source("../../R/validity_more.R")
second_order_case("../../data/crm.csv", "crm")
