# Factors regressed on fixed observed predictors: what lavaan lists for them.
source("../../R/sem_after.R")
indices_case("sem", "../../data/holzinger.csv",
             columns = c("sex", "ageyr", "grade", "x1", "x2", "x3", "x4", "x5", "x6"), complete = TRUE,
             add = c("textual ~ sex", "x2 ~ sex"))
