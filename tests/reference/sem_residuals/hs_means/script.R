# With a mean structure that is not saturated.
source("../../R/sem_after.R")
residuals_case("cfa", "../../data/holzinger.csv", meanstructure = TRUE)
