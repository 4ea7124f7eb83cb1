# Skewed values with ties.
source("../../R/customers.R")
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(14)
tier_case(round(rlnorm(250, 4, 1), -1), c(0.5, 0.8, 0.95))
