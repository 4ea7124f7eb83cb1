# Growth whose middle loadings of the slope are estimated.
source("../../R/sem_general.R")
general_case("sem", "../../data/growth.csv", columns = c("t1", "t2", "t3", "t4"))
