# Five groups, loadings equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/battalions.csv", columns = c("COMPANY", "JOBSAT1", "JOBSAT2", "JOBSAT3", "COMMIT1",
             "COMMIT2", "COMMIT3", "READY1", "READY2", "READY3"), complete = TRUE, group = "COMPANY", group.equal =
             c("loadings"))
