# Incomplete rows by full-information maximum likelihood: lavaan uses the expected information here as well.
source("../../R/sem_after.R")
indices_case("cfa", "../../data/personality.csv", columns = c(paste0("A", 1:5), paste0("C", 1:5)), missing = "ml")
