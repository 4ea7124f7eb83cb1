# Groups named by numbers, in the order of their appearance.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "sex", group.equal = c("loadings", "intercepts",
             "lv.variances"))
