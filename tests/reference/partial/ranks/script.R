# Partial correlations of ranks.
source("../../R/classics.R")
partial_case("../../data/personality.csv", c("A1", "A2", "C1"), "age", "spearman")
