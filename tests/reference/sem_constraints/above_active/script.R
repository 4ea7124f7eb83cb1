# A lower limit that is reached, beside one that is not.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv")
