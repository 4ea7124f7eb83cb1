# Thirty departments, percentages.
source("../../R/classics.R")
midpoint_case("../../data/attitude.csv", c("rating", "complaints", "critical"), 65)
