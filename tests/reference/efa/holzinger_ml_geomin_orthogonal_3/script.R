# Orthogonal geomin.
source("../../R/factors.R")
efa_case("../../data/holzinger.csv", paste0("x", 1:9), 3, "ml", "geomin_orthogonal")
