# Three raters, two waves, a few leaves left empty.
source("../../R/maturity.R")
made_ratings(20261121, c("A", "B", "C"), c(2024, 2026), 0.04)
maturity_case()
