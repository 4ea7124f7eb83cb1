# Wishart likelihood: divisor N - 1 throughout.
source("../../R/sem.R")
sem_case("cfa", "../../data/holzinger.csv", likelihood = "wishart")
