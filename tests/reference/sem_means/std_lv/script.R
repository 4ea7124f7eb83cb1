# Unit variances of the factors and one intercept fixed.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", std.lv = TRUE)
