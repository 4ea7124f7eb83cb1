# Two schools, loadings and intercepts equal but for three.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "intercepts"),
             group.partial = c("x3~1", "x7~1", "visual=~x2"))
