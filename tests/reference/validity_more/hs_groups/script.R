# Composite reliability by group, equal loadings.
source("../../R/validity_more.R")
reliability_case("../../data/holzinger.csv", group = "school", group.equal = "loadings")
