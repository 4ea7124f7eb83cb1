# Several groups: semTools divides the noncentrality by their number; n counts all rows.
source("../../R/power.R")
power_case(data.frame(null = 0.05, alternative = c(0.08, 0.01), df = 48, n = c(200, 400, 400, 800), alpha = 0.05,
                      groups = c(1, 2, 2, 3)))
