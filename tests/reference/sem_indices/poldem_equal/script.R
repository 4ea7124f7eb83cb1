# Loadings held equal over time by labels: each equality released, and one parameter added beside them.
source("../../R/sem_after.R")
indices_case("sem", "../../data/democracy.csv", add = c("y1 ~~ y3", "dem60 =~ y5"))
