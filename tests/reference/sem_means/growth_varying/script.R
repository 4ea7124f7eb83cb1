# Growth with predictors and a covariate at each occasion.
source("../../R/sem_general.R")
general_case("sem", "../../data/growth.csv", columns = c("t1", "t2", "t3", "t4", "x1", "x2", "c1", "c2", "c3", "c4"))
