# Ratings of 30 departments, as if they were profit, with covariates that are numbers and words.
source("../../R/profitability.R")
data <- read_data("../../data/attitude.csv")
data$kind <- rep(c("bank", "retail", "software"), length.out = nrow(data))
write_data(data, "input.csv")
profitability_case("input.csv", "rating", "complaints", "privileges", c("raises", "kind"))
