# The same with A1 as it was answered.
source("../../R/reliability_more.R")
reliability_case("../../data/bfi.csv", paste0("A", 1:5))
