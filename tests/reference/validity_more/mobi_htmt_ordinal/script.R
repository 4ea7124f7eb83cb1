# HTMT of polychoric correlations: ten categories, many of them sparse.
source("../../R/validity_more.R")
ordinal_htmt_case("../../../../data/mobi/responses.csv")
