# The seven items of perceived quality.
source("../../R/reliability.R")
alpha_case("../../../../data/mobi/responses.csv", paste0("PERQ", 1:7))
