# Effect sizes of men against women, complete rows.
source("../../R/invariance.R")
effects_case_of_groups("../../data/personality.csv", "gender", columns = c(paste0("A", 1:5), paste0("C", 1:5), "gender"),
                       complete = TRUE)
