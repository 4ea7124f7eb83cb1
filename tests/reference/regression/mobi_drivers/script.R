# Loyalty from image and satisfaction: the regression of the mobile-phone study.
source("../../R/regression.R")
regression_case(loyalty ~ image + satisfaction, "../../data/mobi_scores.csv")
