# NA* frees the first loading, numbers fix loadings and variances.
source("../../R/sem.R")
sem_case("cfa", "../../data/holzinger.csv")
