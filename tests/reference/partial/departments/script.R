# Two variables held constant.
source("../../R/classics.R")
partial_case("../../data/attitude.csv", c("rating", "raises", "critical"), c("complaints", "learning"), "pearson")
