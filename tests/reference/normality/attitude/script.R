source("../../R/normality.R")
normality_case("../../data/attitude.csv")
