# Full information in two schools, loadings and intercepts equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_holes.csv", missing = "fiml", group = "school", group.equal = c("loadings",
             "intercepts"))
