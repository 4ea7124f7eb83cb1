# With a mean structure and a latent mean.
source("../../R/sem_after.R")
scores_case("cfa", "../../data/holzinger.csv", meanstructure = TRUE)
