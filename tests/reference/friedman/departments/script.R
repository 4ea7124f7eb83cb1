# Seven percentages of thirty departments.
source("../../R/classics.R")
friedman_case("../../data/attitude.csv", c("rating", "complaints", "privileges", "learning", "raises", "critical", "advance"))
