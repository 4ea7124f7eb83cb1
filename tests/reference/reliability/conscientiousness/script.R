# Five items, the last two keyed against the others.
source("../../R/reliability_more.R")
reliability_case("../../data/bfi.csv", paste0("C", 1:5), reversed = c("C4", "C5"), low = 1, high = 6)
