# A nonlinear equality of loadings and a definition made of them.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv")
