# Linear equalities between labelled loadings.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv")
