# Labels by group, one for both groups, and differences of what they name.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", group = "school")
