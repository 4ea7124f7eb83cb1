# A latent interaction by maximum likelihood. The data of all cases here are made by make_items().
source("../../R/interaction.R")
make_items("..")
interaction_case("../items.csv", "double_mean_centred")
