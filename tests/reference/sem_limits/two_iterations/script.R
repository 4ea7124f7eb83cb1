# Two iterations are not enough.
source("../../R/sem.R")
limit_case("cfa", "../../data/holzinger.csv", control = list(iter.max = 2))
