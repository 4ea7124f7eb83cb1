# The same without one path, asked for by cluster alone.
source("../../R/sem_general.R")
general_case("sem", "../../data/teams.csv", cluster = "GRP")
