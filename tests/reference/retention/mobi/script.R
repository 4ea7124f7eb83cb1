# 24 items of a customer survey.
source("../../R/retention.R")
retention_case("../../../../data/mobi/responses.csv", c(paste0("CUEX", 1:3), paste0("PERQ", 1:7), paste0("PERV", 1:2), paste0("CUSA", 1:3), paste0("CUSL", 1:3), paste0("IMAG", 1:5)), most = 6)
