# Factors scaled by disturbance variances of one in a structural model.
source("../../R/sem.R")
sem_case("sem", "../../../../data/mobi/responses.csv", std.lv = TRUE)
