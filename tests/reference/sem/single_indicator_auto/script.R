# A single indicator without a word on its error variance: lavaan fixes it to zero.
source("../../R/sem.R")
sem_case("cfa", "../../../../data/mobi/responses.csv")
