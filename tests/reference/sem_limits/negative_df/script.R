# Every residual covariance beside a factor: more parameters than moments.
source("../../R/sem.R")
limit_case("cfa", "../../data/holzinger.csv")
