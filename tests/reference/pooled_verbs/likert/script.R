# Eight items, five completed data sets (those of pooled/cfa_ml).
source("../../R/pooled_verbs.R")
pooled_verbs_case("../../pooled/imputed.csv", "A2 ~ A3 + A4 + C1 + C3", paste0("A", 2:5))
