# A structural model with residual covariances; paths and covariances added.
source("../../R/sem_after.R")
indices_case("sem", "../../data/democracy.csv", add = c("y1 ~~ y3", "y2 ~~ y7", "ind60 =~ y4"))
