# Loyalty of customers on satisfaction, moderated by image: the product of the two scores as they are.
source("../../R/products.R")
observed_slopes_case("../../data/mobi_scores.csv", "loyalty", "satisfaction", "image", centred = FALSE)
