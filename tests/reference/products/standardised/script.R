# Standardised effects of a latent interaction with standard errors by the delta method.
source("../../R/products.R")
standardised_case("../../interaction/items.csv")
