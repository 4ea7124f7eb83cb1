# The same by maximum likelihood and varimax.
source("../../R/factors.R")
efa_case("../../data/attitude.csv", c("rating", "complaints", "privileges", "learning", "raises", "critical", "advance"), 2, "ml", "varimax", normalize = TRUE)
