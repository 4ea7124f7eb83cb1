# Intervals of every kind from the same 200 replicates of a mediated path model.
source("../../R/replicates.R")
intervals_case("../../data/democracy.csv", c("x1", "y1", "y5"), replicates = 200, iseed = 11)
