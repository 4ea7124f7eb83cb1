# Nine tests, maximum likelihood and oblimin.
source("../../R/factors.R")
efa_errors_case("../../data/holzinger.csv", paste0("x", 1:9), 3, "ml", "oblimin")
