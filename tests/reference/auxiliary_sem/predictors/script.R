# A factor explained by two observed predictors, which are uncorrelated in the baseline model; two auxiliary variables.
# The data of both cases here are made by make_holes().
source("../../R/auxiliary_sem.R")
make_holes("../holes.csv")
auxiliary_sem_case("sem", "../holes.csv", c(paste0("A", 1:5), "C4", "C5", "age", "female"), aux = c("C4", "C5"),
                   more = "age ~~ female")
