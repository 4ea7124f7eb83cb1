# Rows needed.
source("../../R/power.R")
size_case(data.frame(null = c(0.05, 0.05, 0.08, 0.05, 0), alternative = c(0.08, 0.01, 0.05, 0.1, 0.05),
                     df = c(24, 24, 100, 5, 50), power = c(0.8, 0.9, 0.8, 0.95, 0.8), alpha = c(0.05, 0.05, 0.05, 0.01, 0.05)))
