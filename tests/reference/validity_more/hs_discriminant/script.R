# HTMT, AVE and tests of the factor correlations of three ability factors.
source("../../R/validity_more.R")
discriminant_case("../../data/holzinger.csv")
