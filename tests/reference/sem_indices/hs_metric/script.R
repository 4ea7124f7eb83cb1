# Two groups, equal loadings: modification indices by group, and each equality released.
source("../../R/sem_after.R")
indices_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = "loadings")
