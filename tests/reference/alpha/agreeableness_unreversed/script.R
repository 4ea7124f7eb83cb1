# The same with A1 left as it was answered: a negative item-rest correlation.
source("../../R/reliability.R")
alpha_case("../../data/personality.csv", paste0("A", 1:5))
