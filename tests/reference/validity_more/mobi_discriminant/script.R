# Four factors of mobile-phone customers, two of which are hard to tell apart.
source("../../R/validity_more.R")
discriminant_case("../../../../data/mobi/responses.csv")
