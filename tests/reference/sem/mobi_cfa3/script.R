# Quality, value and satisfaction of mobile-phone customers: admissible.
source("../../R/sem.R")
sem_case("cfa", "../../../../data/mobi/responses.csv")
