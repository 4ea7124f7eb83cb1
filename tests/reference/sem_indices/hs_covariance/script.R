# Factors of variance one and a residual covariance in the model.
source("../../R/sem_after.R")
indices_case("cfa", "../../data/holzinger.csv", std.lv = TRUE, add = c("speed =~ x3", "textual =~ x1"))
