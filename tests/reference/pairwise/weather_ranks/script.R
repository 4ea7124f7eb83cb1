# Ranks within each pair.
source("../../R/classics.R")
pairwise_case("../../data/airquality.csv", c("Ozone", "Solar.R", "Wind", "Temp"), "kendall")
