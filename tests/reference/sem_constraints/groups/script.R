# A difference between the groups held at a value, and a limit.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", group = "school")
