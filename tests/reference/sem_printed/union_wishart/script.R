# The same with the Wishart likelihood and the predictors' moments estimated.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 173, likelihood = "wishart", fixed.x = FALSE)
