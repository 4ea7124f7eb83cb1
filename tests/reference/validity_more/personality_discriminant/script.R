# An item keyed the other way: absolute correlations matter. Complete rows.
source("../../R/validity_more.R")
discriminant_case("../../data/personality.csv", columns = c(paste0("A", 1:5), paste0("C", 1:5)),
                  complete = TRUE)
