# Six scale scores, Spearman.
source("../../R/correlation.R")
correlation_case("../../data/mobi_scores.csv", c("image", "expectation", "quality", "value", "satisfaction", "loyalty"), "spearman")
