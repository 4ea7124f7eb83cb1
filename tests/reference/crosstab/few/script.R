# Forty respondents: an exact test of a table with empty cells.
source("../../R/classics.R")
crosstab_case("../../data/bfi.csv", "A2", "C4", ordinal = TRUE, first = 40)
