# Five items, answered 1 to 6, as if they were raters.
source("../../R/agreement.R")
raters_case("../../data/bfi.csv", c("A2", "A3", "A4", "A5", "N1"), 1:6, rows = 120, gaps = 90)
