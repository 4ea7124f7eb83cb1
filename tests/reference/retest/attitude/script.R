# Two percentages of 30 departments: few, far apart.
source("../../R/agreement.R")
retest_case("../../data/attitude.csv", c("complaints", "advance"))
