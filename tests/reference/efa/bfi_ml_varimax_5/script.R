# As stats::factanal does it: maximum likelihood, normalised varimax.
source("../../R/factors.R")
efa_case("../../data/bfi.csv", c(outer(1:5, c("A", "C", "E", "N", "O"), function(i, s) paste0(s, i))), 5, "ml", "varimax", normalize = TRUE)
