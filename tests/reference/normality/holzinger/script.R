source("../../R/normality.R")
normality_case("../../data/holzinger.csv", paste0("x", 1:9))
