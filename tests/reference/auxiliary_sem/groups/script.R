# Two groups with equal loadings and intercepts, one auxiliary variable, robust maximum likelihood.
source("../../R/auxiliary_sem.R")
auxiliary_sem_case("cfa", "../holes.csv", c(paste0("A", 1:5), "C5", "gender"), aux = "C5", group = "gender",
                   group.equal = c("loadings", "intercepts"), estimator = "MLR")
