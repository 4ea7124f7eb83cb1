# A test that is scaled and shifted; a nearer cutoff.
source("../../R/validity_more.R")
scaled_discriminant_case("../../data/holzinger.csv", 0.8, estimator = "MLMV")
