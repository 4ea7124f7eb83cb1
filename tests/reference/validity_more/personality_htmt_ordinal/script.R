# HTMT of polychoric correlations: items with six ordered answers, one keyed the other way, complete rows.
source("../../R/validity_more.R")
ordinal_htmt_case("../../data/personality.csv", columns = c(paste0("A", 1:5), paste0("C", 1:5)), complete = TRUE)
