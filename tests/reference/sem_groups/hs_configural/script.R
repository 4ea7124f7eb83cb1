# Two schools, nothing held equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school")
