# A latent interaction by matched, doubly centred products (Lin, Wen, Marsh & Lin, 2010), robust.
source("../../R/interaction.R")
interaction_case("../items.csv", "double_mean_centred", estimator = "MLR")
