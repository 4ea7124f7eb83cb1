# Recency, frequency and monetary value of 60 made-up customers with returns.
source("../../R/concentration.R")
rfm_case("../../concentration/losses/input.csv")
