# Growth with missing waves in five companies, the means of the slope equal in three; robust.
source("../../R/sem_general.R")
general_case("sem", "../../data/battalions.csv", columns = c("COMPANY", "COMMIT1", "COMMIT2", "COMMIT3"), missing =
             "fiml", group = "COMPANY", estimator = "MLR")
