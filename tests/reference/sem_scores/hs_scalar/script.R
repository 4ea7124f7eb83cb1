# Two groups with free latent means in the second.
source("../../R/sem_after.R")
scores_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "intercepts"))
