# Kinds of customers of unequal frequency.
source("../../R/service.R")
diversity_case(c(61, 23, 9, 5, 2))
