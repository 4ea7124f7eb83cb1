# The same with the product of centred scores beside the scores as they are.
source("../../R/products.R")
observed_slopes_case("../../data/mobi_scores.csv", "loyalty", "satisfaction", "image", centred = TRUE)
