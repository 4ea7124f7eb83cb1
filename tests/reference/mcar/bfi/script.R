# 25 items, 87 patterns.
source("../../R/record.R")
source("../../R/mcar.R")
record_little("../../data/bfi.csv")
