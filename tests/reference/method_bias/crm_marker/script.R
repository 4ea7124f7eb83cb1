# Three factors, a marker of three items.
source("../../R/method_bias.R")
items <- function(name) paste0(name, 1:4)
bias_case("../../data/crm.csv", list(st = items("st"), qw = items("qw"), sa = items("sa")), c("te1", "te2", "te3"))
