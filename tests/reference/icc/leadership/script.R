# Six items of leadership by 180 soldiers.
source("../../R/agreement.R")
icc_case("../../data/companies.csv", c("LEAD01", "LEAD02", "LEAD03", "LEAD04", "LEAD05", "LEAD06"), 180)
