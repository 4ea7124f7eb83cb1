# Two schools from covariances and means with three decimals.
source("../../R/sem_general.R")
moments_case("cfa", c("Pasteur" = "pasteur.csv", "Grant-White" = "grant_white.csv"), n = c(156, 145), group.equal =
             c("loadings", "intercepts"))
