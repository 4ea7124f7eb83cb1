# Five hundred made-up contacts over three channels, skewed costs, some customers unknown.
source("../../R/service.R")
cost_case("contacts.csv", seed = 4, customers = 120, contacts = 500)
