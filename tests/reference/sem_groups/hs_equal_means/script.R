# Two schools, the means of the factors equal too.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "intercepts",
             "residuals", "means"))
