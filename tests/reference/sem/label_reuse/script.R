# One label on two regressions, one on two residual variances; defined effects of shared labels.
source("../../R/sem.R")
sem_case("sem", "../../data/democracy.csv")
