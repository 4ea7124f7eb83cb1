# Quality, value and satisfaction.
source("../../R/validity.R")
validity_case("../../../../data/mobi/responses.csv")
