# Five items of agreeableness, A1 keyed against the others.
source("../../R/reliability_more.R")
reliability_case("../../data/bfi.csv", paste0("A", 1:5), reversed = "A1", low = 1, high = 6, ordinal = TRUE)
