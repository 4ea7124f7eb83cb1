# A factor without a scale: degrees of freedom are left, the loadings and the variance are not identified.
source("../../R/sem.R")
limit_case("cfa", "../../data/holzinger.csv")
