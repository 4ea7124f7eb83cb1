# Nine ability tests with 20 patterns of missing answers.
source("../../R/reliability_more.R")
fiml_case("../../data/holzinger_holes.csv", paste0("x", 1:9))
