# Sixty people on three modules in two waves; answers are made up.
source("../../R/module_adoption.R")
adoption_case("answers.csv", c(2, 1, 1))
