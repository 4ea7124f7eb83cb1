# Six items of leadership, answered by 2,042 soldiers.
source("../../R/reliability_more.R")
reliability_case("../../data/companies.csv", paste0("LEAD0", 1:6))
