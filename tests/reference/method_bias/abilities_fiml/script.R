# All rows by full information; composite scores from the complete ones.
source("../../R/method_bias.R")
bias_case("../../data/holzinger_holes.csv", list(visual = paste0("x", 1:3), textual = paste0("x", 4:6), speed = paste0("x", 7:9)),
          missing = "fiml")
