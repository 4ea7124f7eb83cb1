# Items answered from 1 to 6, with ties, zeros and missing answers.
source("../../R/classics.R")
midpoint_case("../../data/bfi.csv", c("A1", "A2", "C5", "N1"), 4)
