# The same with equal intercepts.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school", std.lv = TRUE, group.equal = c("loadings",
             "intercepts"))
