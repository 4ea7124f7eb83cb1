# The three items of loyalty: a weak item among them.
source("../../R/reliability.R")
omega_case("../../../../data/mobi/responses.csv", paste0("CUSL", 1:3))
