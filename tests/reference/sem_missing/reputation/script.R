# Few missing answers: the model of corporate reputation.
source("../../R/sem_general.R")
general_case("sem", "../../data/reputation.csv", missing = "fiml")
