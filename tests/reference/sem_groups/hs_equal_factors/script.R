# Two schools, variances and covariances of the factors equal.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "lv.variances",
             "lv.covariances"))
