# Definitions used in a constraint.
source("../../R/sem_general.R")
general_case("sem", "../../data/mobi_scores.csv")
