# Five items, the first two keyed against the others, 150 persons.
source("../../R/reliability_more.R")
reliability_case("../../data/bfi.csv", paste0("E", 1:5), reversed = c("E1", "E2"), low = 1, high = 6, rows = 1:150, ordinal = TRUE)
