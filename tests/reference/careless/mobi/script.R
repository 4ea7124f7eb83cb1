# 24 complete items of the mobile-phone customers, seven scales, one of them with a single item.
source("../../R/record.R")
source("../../R/careless.R")
scales <- list(image = paste0("IMAG", 1:5), expectation = paste0("CUEX", 1:3), quality = paste0("PERQ", 1:7),
               value = paste0("PERV", 1:2), satisfaction = paste0("CUSA", 1:3), loyalty = paste0("CUSL", 1:3))
record(careless_indices("../../../../data/mobi/responses.csv", scales, character(), c(1, 10), 0.6), "stats")
