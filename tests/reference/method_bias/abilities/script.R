# No marker: the smallest correlation of the constructs.
source("../../R/method_bias.R")
bias_case("../../data/holzinger.csv", list(visual = paste0("x", 1:3), textual = paste0("x", 4:6), speed = paste0("x", 7:9)))
