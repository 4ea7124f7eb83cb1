# Leadership, task significance and hostility: 14 items.
source("../../R/retention.R")
retention_case("../../data/companies.csv", c(paste0("LEAD0", 1:6), paste0("TSIG0", 1:3), paste0("HOSTIL0", 1:5)), most = 5)
