# The three items of satisfaction.
source("../../R/reliability.R")
alpha_case("../../../../data/mobi/responses.csv", paste0("CUSA", 1:3))
