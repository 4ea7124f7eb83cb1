# Growth predicted by two fixed observed variables.
source("../../R/sem_general.R")
general_case("sem", "../../data/growth.csv", columns = c("t1", "t2", "t3", "t4", "x1", "x2"))
