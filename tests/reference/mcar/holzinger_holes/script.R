# Nine ability tests with patterns made at random.
source("../../R/record.R")
source("../../R/mcar.R")
record_little("../../data/holzinger_holes.csv", paste0("x", 1:9))
