# Five groups of unequal size, a group read as text.
source("../../R/dif.R")
dif_case("../../data/personality.csv", paste0("C", 1:5), "education", matching = "rest score", flip = c("C4", "C5"))
