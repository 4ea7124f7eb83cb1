# Incomplete rows of two groups, equal loadings.
source("../../R/sem_after.R")
indices_case("cfa", "../../data/personality.csv", columns = c(paste0("A", 1:5), "gender"), missing = "ml",
             group = "gender", group.equal = "loadings")
