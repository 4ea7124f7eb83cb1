# Three items of customers, some answers missing.
source("../../R/reliability_more.R")
fiml_case("../../data/reputation.csv", paste0("comp_", 1:3))
