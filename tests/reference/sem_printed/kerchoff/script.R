# Ambition of 737 boys (Kerchoff, 1974): a saturated path model.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 737, likelihood = "wishart")
