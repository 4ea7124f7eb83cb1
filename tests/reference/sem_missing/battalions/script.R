# Three waves of three scales; rows without any answer are left out.
source("../../R/sem_general.R")
general_case("cfa", "../../data/battalions.csv", columns = c("JOBSAT1", "JOBSAT2", "JOBSAT3", "COMMIT1", "COMMIT2",
             "COMMIT3", "READY1", "READY2", "READY3"), missing = "fiml")
