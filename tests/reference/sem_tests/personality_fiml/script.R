# Incomplete rows with plain maximum likelihood.
source("../../R/sem_after.R")
tests_case("cfa", "../../data/personality.csv", list(
  separate = list(),
  uncorrelated = list(file = "uncorrelated.lav")
), "default", columns = c(paste0("A", 1:5), paste0("C", 1:5)),
  missing = "ml")
