# Wilson intervals and binomial tails for content validity.
source("../../R/agreement.R")
content_case()
