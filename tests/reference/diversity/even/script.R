# Kinds of customers of nearly equal frequency, where the first-order variance vanishes.
source("../../R/service.R")
diversity_case(c(20, 20, 20, 21))
