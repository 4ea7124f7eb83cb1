# A factor of five levels, a factor of two and its interaction with a number; treatment coding, first level by name.
source("../../R/regression.R")
regression_case(A5 ~ gender * age + education, "../../data/personality.csv",
                columns = c("A5", "gender", "age", "education"))
