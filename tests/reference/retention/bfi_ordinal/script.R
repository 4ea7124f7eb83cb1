# Polychoric correlations of 15 items.
source("../../R/retention.R")
retention_case("../../data/bfi.csv", c(t(outer(c("A", "C", "E"), 1:5, paste0))), ordinal = TRUE)
