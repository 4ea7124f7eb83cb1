# Verbal intelligence of 204 children at four ages (McArdle & Epstein, 1987): one growth factor with a mean, from
# printed moments about 0 (divisor N).
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 204, information = "observed")
