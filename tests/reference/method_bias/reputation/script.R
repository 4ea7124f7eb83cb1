# Rows with missing answers, factors of unlike size, a marker of attractiveness.
source("../../R/method_bias.R")
bias_case("../../data/reputation.csv", list(competence = paste0("comp_", 1:3), likeability = paste0("like_", 1:3),
                                            loyalty = paste0("cusl_", 1:3)), paste0("attr_", 1:3))
