source("../../R/normality.R")
normality_case("../../../../data/mobi/responses.csv", paste0("PERQ", 1:7))
