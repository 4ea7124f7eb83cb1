# Four simulated items.
source("../../R/reliability_more.R")
reliability_case("../../data/crm.csv", paste0("st", 1:4))
