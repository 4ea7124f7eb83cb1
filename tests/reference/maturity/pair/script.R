# Two raters, one wave, complete: medians between two levels.
source("../../R/maturity.R")
made_ratings(7, c("A", "B"), 1, 0)
maturity_case()
