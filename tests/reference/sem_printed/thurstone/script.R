# Nine tests of 213 persons (Thurstone): a second-order factor with unit variances.
source("../../R/sem_general.R")
moments_case("cfa", "moments.csv", n = 213, std.lv = TRUE, likelihood = "wishart", information = "observed")
