# Factors regressed on observed exogenous predictors.
source("../../R/sem.R")
sem_case("sem", "../../data/holzinger.csv",
         columns = c("sex", "ageyr", "grade", "x1", "x2", "x3", "x4", "x5", "x6"), complete = TRUE)
