# Observation ends with a quarter.
source("../../R/customers.R")
retention_case(purchases(300, 700, 40, 300, 12), until = "2025-12-31", gap = 120, months = 3)
