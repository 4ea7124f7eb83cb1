# Twelve simulated items of three scales.
source("../../R/reliability_more.R")
reliability_case("../../data/crm.csv", c(paste0("st", 1:4), paste0("or", 1:4), paste0("kn", 1:4)))
