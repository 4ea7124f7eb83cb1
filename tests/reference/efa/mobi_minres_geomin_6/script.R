# Six factors and geomin, which has several minima here.
source("../../R/factors.R")
efa_case("../../../../data/mobi/responses.csv", c(paste0("CUEX", 1:3), paste0("CUSA", 1:3), "CUSCO", paste0("CUSL", 1:3), paste0("IMAG", 1:5), paste0("PERQ", 1:7), paste0("PERV", 1:2)), 6, "minres", "geomin", starts = 30)
