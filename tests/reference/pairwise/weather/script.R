# Pairs from the rows that have both.
source("../../R/classics.R")
pairwise_case("../../data/airquality.csv", c("Ozone", "Solar.R", "Wind", "Temp"), "pearson")
