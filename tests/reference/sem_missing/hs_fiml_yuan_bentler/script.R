# Yuan and Bentler's test under full information.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_holes.csv", missing = "fiml", test = "yuan.bentler")
