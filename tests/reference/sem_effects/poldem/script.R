# A chain of three factors.
source("../../R/effects.R")
effects_case("sem", "../../data/democracy.csv")
