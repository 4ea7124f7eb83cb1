# Aspirations of 329 boys and their best friends (Duncan, Haller & Portes, 1968): two factors that cause each other,
# six fixed predictors.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 329, likelihood = "wishart", information = "observed")
