# Two uncorrelated factors of two indicators: two degrees of freedom, and not identified.
source("../../R/sem.R")
limit_case("cfa", "../../data/holzinger.csv")
