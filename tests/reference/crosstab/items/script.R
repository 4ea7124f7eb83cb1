# Six answers against six, ordered.
source("../../R/classics.R")
crosstab_case("../../data/bfi.csv", "A1", "A3", ordinal = TRUE, exact = FALSE)
