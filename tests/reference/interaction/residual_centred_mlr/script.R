# Residual centred products (Little, Bovaird & Widaman, 2006); slopes after Geldhof et al. (2013).
source("../../R/interaction.R")
interaction_case("../items.csv", "residual_centred", estimator = "MLR", meanstructure = TRUE)
