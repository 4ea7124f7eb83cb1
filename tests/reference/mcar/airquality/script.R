# Six columns of airquality; Little's statistic is known as 35.106 with 14 degrees of freedom.
source("../../R/record.R")
source("../../R/mcar.R")
record_little("../../data/airquality.csv")
