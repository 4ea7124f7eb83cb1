# Scale scores of 250 customers.
source("../../R/classics.R")
midpoint_case("../../data/mobi_scores.csv", c("image", "quality", "loyalty"), 6)
