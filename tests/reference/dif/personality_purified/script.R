# Flagged items leave the matching score until nothing changes.
source("../../R/dif.R")
dif_case("../../data/personality.csv", c(paste0("A", 1:5), paste0("C", 1:5)), "gender", purify = TRUE, flip = c("A1", "C4", "C5"))
