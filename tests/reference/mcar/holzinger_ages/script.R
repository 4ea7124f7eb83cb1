# Five tests and age, of which some rows lack everything: those are left out.
source("../../R/record.R")
source("../../R/mcar.R")
record_little("../../data/holzinger_holes.csv", c("x1", "x4", "x7", "ageyr"))
