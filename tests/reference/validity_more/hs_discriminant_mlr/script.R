# The same tests scaled by a robust estimator.
source("../../R/validity_more.R")
scaled_discriminant_case("../../data/holzinger.csv", 0.9, estimator = "MLR")
