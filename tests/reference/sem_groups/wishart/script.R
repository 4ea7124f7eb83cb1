# Wishart likelihood in two schools.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "intercepts"),
             likelihood = "wishart")
