# Means of the factors estimated, the intercept of each first indicator fixed at 0.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv")
