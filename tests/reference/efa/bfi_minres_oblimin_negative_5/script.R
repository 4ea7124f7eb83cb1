# Oblimin with gamma -.5: factors less correlated.
source("../../R/factors.R")
efa_case("../../data/bfi.csv", c(outer(1:5, c("A", "C", "E", "N", "O"), function(i, s) paste0(s, i))), 5, "minres", "oblimin", extra = list(gamma = -0.5), psych = FALSE)
