source("../../R/normality.R")
normality_case("../../data/airquality.csv", c("Ozone", "Solar.R", "Wind", "Temp"))
