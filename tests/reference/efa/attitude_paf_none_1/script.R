# One factor by principal axes: nothing to rotate.
source("../../R/factors.R")
efa_case("../../data/attitude.csv", c("rating", "complaints", "privileges", "learning", "raises", "critical", "advance"), 1, "paf", "none")
