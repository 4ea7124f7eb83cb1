# A bifactor model of four simulated scales.
source("../../R/validity_more.R")
bifactor_case("../../data/crm.csv", "crm", std.lv = TRUE)
