# The same by minimum residuals and quartimin.
source("../../R/factors.R")
efa_case("../../data/companies.csv", c(paste0("LEAD0", 1:6), paste0("TSIG0", 1:3), paste0("HOSTIL0", 1:5)), 3, "minres", "quartimin")
