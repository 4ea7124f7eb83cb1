# Seven percentages of 30 departments: continuous, few rows.
source("../../R/reliability_more.R")
reliability_case("../../data/attitude.csv", c("rating", "complaints", "privileges", "learning", "raises", "critical", "advance"))
