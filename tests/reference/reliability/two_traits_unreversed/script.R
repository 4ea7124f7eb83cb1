# Ten items of two traits with their keys as answered: negative general loadings.
source("../../R/reliability_more.R")
reliability_case("../../data/bfi.csv", c(paste0("A", 1:5), paste0("C", 1:5)))
