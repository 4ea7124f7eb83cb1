# Values fixed in one group and free in the other.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school")
