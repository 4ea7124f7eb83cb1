# Two factors that predict each other with no predictor of their own: not identified.
source("../../R/sem.R")
limit_case("sem", "../../data/holzinger.csv")
