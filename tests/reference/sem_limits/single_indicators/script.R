# Two factors of one indicator each: lavaan fixes both error variances to zero, and nothing is left to test.
source("../../R/sem.R")
limit_case("cfa", "../../data/holzinger.csv")
