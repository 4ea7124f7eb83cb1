# Six scale scores, Pearson.
source("../../R/correlation.R")
correlation_case("../../data/mobi_scores.csv", c("image", "expectation", "quality", "value", "satisfaction", "loyalty"), "pearson")
