# Five items in one direction.
source("../../R/reliability_more.R")
reliability_case("../../data/bfi.csv", paste0("N", 1:5))
