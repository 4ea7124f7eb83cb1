# Seven items of perceived quality, answered 1 to 10.
source("../../R/reliability_more.R")
reliability_case("../../../../data/mobi/responses.csv", paste0("PERQ", 1:7), ordinal = TRUE)
