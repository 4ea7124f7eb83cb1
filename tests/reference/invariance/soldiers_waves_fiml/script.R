# The same with incomplete rows.
source("../../R/invariance.R")
ladder_case("../../data/soldiers.csv", list(
  configural = list(file = "configural.lav"),
  metric = list(file = "metric.lav"),
  scalar = list(file = "scalar.lav"),
  strict = list(file = "strict.lav"),
  means = list(file = "means.lav")
),
  columns = c("JOBSAT1", "COMMIT1", "READY1", "JOBSAT2", "COMMIT2", "READY2", "JOBSAT3", "COMMIT3", "READY3"),
  complete = FALSE, meanstructure = TRUE, missing = "ml")
