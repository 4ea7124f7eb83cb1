# Normalised varimax.
source("../../R/factors.R")
efa_errors_case("../../data/holzinger.csv", paste0("x", 1:9), 3, "ml", "varimax", TRUE)
