# One factor, three auxiliary variables.
source("../../R/auxiliary.R")
auxiliary_case("cfa", "../../data/personality.csv", c(paste0("A", 1:5), "C1", "C4", "age"), aux = c("C1", "C4", "age"))
