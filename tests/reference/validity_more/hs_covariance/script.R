# A residual covariance within a factor and a loading on two factors.
source("../../R/validity_more.R")
reliability_case("../../data/holzinger.csv")
