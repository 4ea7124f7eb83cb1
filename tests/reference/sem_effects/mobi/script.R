# Four factors: one effect along two ways.
source("../../R/effects.R")
effects_case("sem", "../../../../data/mobi/responses.csv")
