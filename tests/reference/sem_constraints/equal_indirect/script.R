# Two indirect effects held equal.
source("../../R/sem_general.R")
general_case("sem", "../../data/mobi_scores.csv")
