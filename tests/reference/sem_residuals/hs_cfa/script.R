# Residuals of three correlated factors.
source("../../R/sem_after.R")
residuals_case("cfa", "../../data/holzinger.csv")
