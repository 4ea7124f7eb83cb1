# A partially specified target: cross-loadings wanted 0, the others free.
source("../../R/factors.R")
w <- 1 - kronecker(diag(3), matrix(1, 3, 1))
efa_case("../../data/holzinger.csv", paste0("x", 1:9), 3, "ml", "target", extra = list(weights = w, target = 0 * w), psych = FALSE)
