# The same for a structural model of 75 rows.
source("../../R/replicates.R")
transformed_case("sem", "../../data/democracy.csv", every = 15)
