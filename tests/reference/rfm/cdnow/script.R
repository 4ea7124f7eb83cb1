# Recency, frequency and monetary value of 2,357 customers of an online shop.
source("../../R/concentration.R")
rfm_case("../../../../data/cdnow/transactions.csv")
