# 13 items of mobile-phone customers, few of them missing.
source("../../R/record.R")
source("../../R/mcar.R")
record_little("../../data/reputation.csv",
              c("cusa", "cusl_1", "cusl_2", "cusl_3", "comp_1", "comp_2", "comp_3", "like_1", "like_2", "like_3", "attr_1",
                "attr_2", "attr_3"))
