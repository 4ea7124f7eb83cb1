# Power over the number of rows.
source("../../R/power.R")
curve_case(0.05, 0.08, 24, seq(100, 500, by = 50), 0.05)
