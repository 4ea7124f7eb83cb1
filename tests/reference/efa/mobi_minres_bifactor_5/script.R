# Orthogonal bifactor rotation.
source("../../R/factors.R")
efa_case("../../../../data/mobi/responses.csv", c(paste0("CUEX", 1:3), paste0("CUSA", 1:3), "CUSCO", paste0("CUSL", 1:3), paste0("IMAG", 1:5), paste0("PERQ", 1:7), paste0("PERV", 1:2)), 5, "minres", "bifactor", starts = 30, psych = FALSE)
