# Incomplete rows.
source("../../R/validity_more.R")
scaled_discriminant_case("../../data/holzinger_holes.csv", 0.9, missing = "fiml")
