# Incomplete rows with robust maximum likelihood; satorra.2000 takes its moments from the rows as they are.
source("../../R/sem_after.R")
tests_case("cfa", "../../data/personality.csv", list(
  separate = list(),
  uncorrelated = list(file = "uncorrelated.lav")
), c("default", "satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000"), columns = c(paste0("A", 1:5), paste0("C", 1:5)),
  estimator = "MLR", missing = "ml")
