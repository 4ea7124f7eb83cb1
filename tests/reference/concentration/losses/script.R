# Revenue and profit of 60 made-up customers, some of whom bring losses.
source("../../R/concentration.R")
make_losses("input.csv")
concentration_case("input.csv", cost = TRUE)
