# Linear growth of Demo.growth: means of intercept and slope, intercepts of the occasions fixed at 0.
source("../../R/sem_general.R")
general_case("sem", "../../data/growth.csv", columns = c("t1", "t2", "t3", "t4"))
