# Two schools, unit variances: with equal loadings lavaan frees those of the second group.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school", std.lv = TRUE, group.equal = c("loadings"))
