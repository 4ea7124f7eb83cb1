# The same with loyalty: the covariance matrix of the factors is not positive definite.
source("../../R/sem.R")
sem_case("cfa", "../../../../data/mobi/responses.csv")
