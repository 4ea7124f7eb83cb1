# Three items of satisfaction.
source("../../R/reliability_more.R")
reliability_case("../../../../data/mobi/responses.csv", paste0("CUSA", 1:3), ordinal = TRUE)
