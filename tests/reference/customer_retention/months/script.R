# Observation ends within a month.
source("../../R/customers.R")
retention_case(purchases(120, 420, 25, 200, 11), until = "2025-03-10", gap = 60, months = 1)
