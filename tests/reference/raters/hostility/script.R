# Five items of hostility by soldiers, answered 0 to 4.
source("../../R/agreement.R")
raters_case("../../data/companies.csv", c("HOSTIL01", "HOSTIL02", "HOSTIL03", "HOSTIL04", "HOSTIL05"), 0:4, rows = 100, gaps = 60)
