# Survival of lung cancer patients (survival package): long, with many ties.
source("../../R/customers.R")
survival_case(lung$time, lung$status == 2)
