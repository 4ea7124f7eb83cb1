# Performance and satisfaction of 122 salespeople (Bagozzi, 1980, Journal of Marketing 44(2), 65-77): correlations and
# standard deviations as printed.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 122)
