# Modification indices of three correlated factors; added parameters tested together and one by one.
source("../../R/sem_after.R")
indices_case("cfa", "../../data/holzinger.csv", add = c("visual =~ x9", "x7 ~~ x8", "x2 ~~ x7"))
