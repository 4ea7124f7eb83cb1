# Seven items and 30 rows.
source("../../R/factors.R")
efa_case("../../data/attitude.csv", c("rating", "complaints", "privileges", "learning", "raises", "critical", "advance"), 2)
