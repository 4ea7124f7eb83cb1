# Growth by generalised least squares.
source("../../R/sem_general.R")
general_case("sem", "../../data/growth.csv", columns = c("t1", "t2", "t3", "t4"), estimator = "GLS")
