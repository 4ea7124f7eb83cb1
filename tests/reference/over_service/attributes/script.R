# Four attributes, each answer missing four times.
source("../../R/expectations.R")
data <- read.csv("data.csv")
names <- c("advice", "speed", "gift", "decor")
record(c(list(data = "data.csv", level = 0.95, names = I(names)), service_rows(data, names, 0.95)), c("sandwich", "stats"))
