# Two endogenous factors that predict nothing: their disturbances covary by default. A residual covariance beside.
source("../../R/sem.R")
sem_case("sem", "../../../../data/mobi/responses.csv")
