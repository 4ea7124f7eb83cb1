# 25 items, each correlation from the rows that have both, as psych does.
source("../../R/retention.R")
retention_case("../../data/bfi.csv", c(t(outer(c("A", "C", "E", "N", "O"), 1:5, paste0))), missing = "pairwise")
