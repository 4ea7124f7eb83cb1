# An observed path model in two groups, a path and an intercept equal by label.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", group = "school")
