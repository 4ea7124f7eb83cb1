# Principal axes and promax with the normalised target of SPSS.
source("../../R/factors.R")
efa_case("../../data/bfi.csv", c(outer(1:5, c("A", "C", "E", "N", "O"), function(i, s) paste0(s, i))), 5, "paf", "promax", normalize = TRUE, extra = list(kaiser_target = TRUE), psych = FALSE)
