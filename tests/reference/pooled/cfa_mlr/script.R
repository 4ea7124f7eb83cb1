# The same by robust maximum likelihood.
source("../../R/pooled.R")
pooled_case("../imputed.csv", "nested.lav", robust = "yuan.bentler.mplus", meanstructure = TRUE, estimator = "MLR")
