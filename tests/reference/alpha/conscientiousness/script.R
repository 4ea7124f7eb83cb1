# Five items, the last two keyed against the others, rows without a missing answer.
source("../../R/reliability.R")
alpha_case("../../data/personality.csv", paste0("C", 1:5), reversed = c("C4", "C5"), low = 1, high = 6)
