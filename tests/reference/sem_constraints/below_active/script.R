# An upper limit that is reached, beside a linear equality.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv")
