# 25 items, rows that have all.
source("../../R/retention.R")
retention_case("../../data/bfi.csv", c(t(outer(c("A", "C", "E", "N", "O"), 1:5, paste0))), most = 8)
