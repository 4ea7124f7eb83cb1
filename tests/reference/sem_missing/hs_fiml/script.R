# Full information from 20 patterns of missing answers.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_holes.csv", missing = "fiml")
