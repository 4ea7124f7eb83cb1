# Five items, A1 keyed against the others, rows without a missing answer.
source("../../R/reliability.R")
alpha_case("../../data/personality.csv", paste0("A", 1:5), reversed = "A1", low = 1, high = 6)
