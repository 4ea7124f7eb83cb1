# Three roles and three characteristics, some scores missing, 90 per cent intervals.
source("../../R/expectations.R")
data <- read.csv("data.csv")
targets <- list(positive_attitude = 3.5, empathy = 3.5, profit_awareness = 3)
record(list(data = "data.csv", level = 0.9, targets = targets, gaps = gap_rows(data, targets, 0.9)), "stats")
