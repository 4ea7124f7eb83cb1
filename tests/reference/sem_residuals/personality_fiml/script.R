# Incomplete rows: against the estimated moments of the saturated model.
source("../../R/sem_after.R")
residuals_case("cfa", "../../data/personality.csv", columns = c(paste0("A", 1:5), paste0("C", 1:5)), missing = "ml")
