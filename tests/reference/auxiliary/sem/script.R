# A factor explained by an observed predictor and explaining another factor, two auxiliary variables.
source("../../R/auxiliary.R")
auxiliary_case("sem", "../../data/personality.csv",
               c(paste0("A", 1:5), paste0("C", 1:5), "age"), aux = c("C4", "C5"))
