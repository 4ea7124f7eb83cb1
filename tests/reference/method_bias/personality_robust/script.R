# Missing answers and a scaled test; the marker is agreeableness without its turned item.
source("../../R/method_bias.R")
bias_case("../../data/bfi.csv", list(C = c("C1", "C2", "C3"), E = c("E3", "E4", "E5"), N = paste0("N", 1:5)),
          paste0("A", 2:5), estimator = "MLR")
