# Made-up organisations whose profit rises with maturity, less so where switching is easy; larger ones vary more.
source("../../R/profitability.R")
set.seed(410)
n <- 70
crm <- runif(n, 0, 6); ease <- runif(n, 1, 7)
profit <- 3 + 1.2 * crm - 0.18 * crm * ease + rnorm(n, sd = 0.5 + 0.3 * crm)
profit[c(5, 30)] <- NA
write_data(data.frame(profit = profit, crm = crm, ease = ease), "input.csv")
profitability_case("input.csv", "profit", "crm", "ease")
