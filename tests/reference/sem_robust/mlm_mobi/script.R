# MLM of skewed answers on scales of ten points.
source("../../R/sem_general.R")
general_case("sem", "../../../../data/mobi/responses.csv", estimator = "MLM")
