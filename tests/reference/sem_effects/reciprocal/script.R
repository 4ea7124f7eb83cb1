# Two factors that predict each other: a total effect is an endless sum along the circle.
source("../../R/effects.R")
effects_case("sem", "../../data/holzinger.csv")
