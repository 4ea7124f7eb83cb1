# Five items of many persons, with ties and missing answers.
source("../../R/classics.R")
friedman_case("../../data/bfi.csv", c("A1", "A2", "A3", "A4", "A5"))
