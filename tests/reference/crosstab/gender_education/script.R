# Two answers against five, with missing answers.
source("../../R/classics.R")
crosstab_case("../../data/personality.csv", "gender", "education", exact = FALSE)
