# Items with missing answers: the rows that have all of them.
source("../../R/correlation.R")
correlation_case("../../data/personality.csv", c("A1", "A2", "A3", "C1", "age"), "pearson")
