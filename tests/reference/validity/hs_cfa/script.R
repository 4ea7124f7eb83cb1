# Three factors of nine ability tests.
source("../../R/validity.R")
validity_case("../../data/holzinger.csv")
