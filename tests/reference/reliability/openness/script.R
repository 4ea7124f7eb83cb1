# Five items, two keyed against the others: the least consistent scale.
source("../../R/reliability_more.R")
reliability_case("../../data/bfi.csv", paste0("O", 1:5), reversed = c("O2", "O5"), low = 1, high = 6)
