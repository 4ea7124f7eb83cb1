# Eight factors of four items and five paths, N = 400, simulated (data/make.R): the size of a usual thesis.
source("../../R/sem.R")
sem_case("sem", "../../data/crm.csv")
