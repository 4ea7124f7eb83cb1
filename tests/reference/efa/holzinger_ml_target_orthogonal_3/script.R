# A full target, orthogonal: Procrustes.
source("../../R/factors.R")
w <- matrix(1, 9, 3)
efa_case("../../data/holzinger.csv", paste0("x", 1:9), 3, "ml", "target_orthogonal", extra = list(weights = w, target = kronecker(diag(3), matrix(0.7, 3, 1))), psych = FALSE)
