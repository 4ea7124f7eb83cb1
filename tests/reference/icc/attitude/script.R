# Seven percentages of 30 departments, as if they were raters.
source("../../R/agreement.R")
icc_case("../../data/attitude.csv", c("rating", "complaints", "privileges", "learning", "raises", "critical", "advance"))
