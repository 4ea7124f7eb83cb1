# Union sentiment of 173 textile workers (McDonald & Clelland, 1984), from the printed covariances.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 173)
