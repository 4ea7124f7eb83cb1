# Job satisfaction at two of three times.
source("../../R/agreement.R")
retest_case("../../data/soldiers.csv", c("JOBSAT1", "JOBSAT2"))
