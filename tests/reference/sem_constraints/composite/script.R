# A composite of three tests, its first weight fixed, with two effects.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv")
