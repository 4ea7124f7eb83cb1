# Growth of commitment with missing waves.
source("../../R/sem_general.R")
general_case("sem", "../../data/battalions.csv", columns = c("COMMIT1", "COMMIT2", "COMMIT3"), missing = "fiml")
