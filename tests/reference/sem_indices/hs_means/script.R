# With a mean structure: intercepts and latent means among the parameters that could be freed.
source("../../R/sem_after.R")
indices_case("cfa", "../../data/holzinger.csv", meanstructure = TRUE)
