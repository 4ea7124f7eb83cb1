# Factors regressed on fixed observed predictors.
source("../../R/sem_after.R")
scores_case("sem", "../../data/holzinger.csv",
            columns = c("sex", "ageyr", "grade", "x1", "x2", "x3", "x4", "x5", "x6"), complete = TRUE)
