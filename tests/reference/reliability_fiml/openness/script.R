# Five items, 2,800 persons, few missing answers.
source("../../R/reliability_more.R")
fiml_case("../../data/bfi.csv", paste0("O", 1:5), reversed = c("O2", "O5"), low = 1, high = 6)
