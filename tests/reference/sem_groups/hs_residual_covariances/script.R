# A residual covariance equal beside the residual variances.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", group = "school", group.equal = c("loadings", "residuals",
             "residual.covariances"))
