# A fixed predictor's effect through a factor, with robust standard errors.
source("../../R/effects.R")
effects_case("sem", "../../data/holzinger.csv", estimator = "MLR")
