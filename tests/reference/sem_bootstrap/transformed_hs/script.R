# The data of the Bollen-Stine bootstrap, and the moments of Yuan's.
source("../../R/replicates.R")
transformed_case("cfa", "../../data/holzinger.csv")
