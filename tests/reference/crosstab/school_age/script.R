# Two schools against six ages, with small expected counts.
source("../../R/classics.R")
crosstab_case("../../data/holzinger.csv", "school", "ageyr")
