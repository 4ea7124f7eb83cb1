# HTMT alone: more factors of customers, with items of unlike loadings.
source("../../R/validity_more.R")
htmt_case("../../../../data/mobi/responses.csv")
