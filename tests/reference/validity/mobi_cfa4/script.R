# Four factors, an inadmissible solution: the figures exist all the same and must be marked.
source("../../R/validity.R")
validity_case("../../../../data/mobi/responses.csv")
