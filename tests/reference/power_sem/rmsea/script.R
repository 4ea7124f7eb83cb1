# Close fit, not-close fit and exact fit.
source("../../R/power.R")
power_case(expand.grid(null = c(0, 0.05, 0.08), alternative = c(0.01, 0.08, 0.1), df = c(5, 24, 100), n = c(100, 250, 800),
                       alpha = c(0.05, 0.01), groups = 1)[-c(3, 6), ])
