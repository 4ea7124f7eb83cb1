# Seven variables of 30 departments.
source("../../R/retention.R")
retention_case("../../data/attitude.csv", c("rating", "complaints", "privileges", "learning", "raises", "critical", "advance"), most = 3)
