# Five items of agreeableness and conscientiousness, answered 1 to 6; from 4 on an answer counts as yes.
source("../../R/scalogram.R")
scalogram_case("../../data/bfi.csv", c("A2", "A3", "A4", "A5", "C1"), 4)
