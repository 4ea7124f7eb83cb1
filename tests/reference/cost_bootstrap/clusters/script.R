# Contacts of sixty customers, few of them by visit: BCa intervals over customers.
source("../../R/service.R")
cost_bootstrap_case("contacts.csv", seed = 11, customers = 60, contacts = 300, from = "phone", to = "web", replicates = 20000)
