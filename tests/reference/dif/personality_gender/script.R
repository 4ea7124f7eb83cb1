# Five items with missing answers by gender; one is keyed the other way and turned first.
source("../../R/dif.R")
dif_case("../../data/personality.csv", paste0("A", 1:5), "gender", flip = "A1")
