# Two factors by minimum residuals, and promax.
source("../../R/factors.R")
efa_errors_case("../../data/holzinger.csv", paste0("x", 1:9), 2, "minres", "promax", TRUE)
