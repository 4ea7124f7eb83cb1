# Five completed data sets by maximum likelihood, pooled; a zero correlation compared by D2 and D3.
# The data of all cases here are made by make_imputed().
source("../../R/pooled.R")
make_imputed("..")
pooled_case("../imputed.csv", "nested.lav")
