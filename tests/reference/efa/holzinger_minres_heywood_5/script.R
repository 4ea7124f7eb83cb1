# Too many factors: a uniqueness at its bound.
source("../../R/factors.R")
efa_case("../../data/holzinger.csv", paste0("x", 1:9), 5, "minres", "none", psych = FALSE)
