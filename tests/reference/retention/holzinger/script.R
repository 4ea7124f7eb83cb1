# Nine ability tests, three factors.
source("../../R/retention.R")
retention_case("../../data/holzinger.csv", paste0("x", 1:9), most = 4)
