# A negative residual variance held at 0 by bounds.
source("../../R/sem_general.R")
general_case("cfa", "../../data/heywood.csv", bounds = "pos.var")
