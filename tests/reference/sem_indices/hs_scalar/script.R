# Two groups, equal loadings and intercepts, latent means free in the second.
source("../../R/sem_after.R")
indices_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "intercepts"))
