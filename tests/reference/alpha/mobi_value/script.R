# Two items of value: Spearman-Brown is 2 r / (1 + r).
source("../../R/reliability.R")
alpha_case("../../../../data/mobi/responses.csv", c("PERV1", "PERV2"))
