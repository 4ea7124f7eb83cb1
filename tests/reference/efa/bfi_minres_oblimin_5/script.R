# The usual call of psych: minimum residuals, oblimin without normalisation.
source("../../R/factors.R")
efa_case("../../data/bfi.csv", c(outer(1:5, c("A", "C", "E", "N", "O"), function(i, s) paste0(s, i))), 5)
