# Five items of hostility, most answers 0.
source("../../R/reliability_more.R")
reliability_case("../../data/companies.csv", paste0("HOSTIL0", 1:5), ordinal = TRUE)
