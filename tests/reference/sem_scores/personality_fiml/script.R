# Incomplete rows: each scored from what it answered.
source("../../R/sem_after.R")
scores_case("cfa", "../../data/personality.csv", columns = c(paste0("A", 1:5), paste0("C", 1:5)), every = 40, missing = "ml")
