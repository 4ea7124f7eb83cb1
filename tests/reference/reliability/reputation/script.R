# Nine items of competence, likeability and attractiveness.
source("../../R/reliability_more.R")
reliability_case("../../data/reputation.csv", c(paste0("comp_", 1:3), paste0("like_", 1:3), paste0("attr_", 1:3)), ordinal = TRUE)
