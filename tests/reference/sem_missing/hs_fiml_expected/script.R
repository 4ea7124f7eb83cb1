# Full information with the expected information.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_holes.csv", missing = "fiml", information = "expected")
