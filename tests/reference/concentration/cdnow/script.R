# Revenue of 2,357 customers of an online shop.
source("../../R/concentration.R")
concentration_case("../../../../data/cdnow/transactions.csv")
