# Four measurements of airquality, seven completed data sets by predictive mean matching: few rows, much missing.
source("../../R/pooled_verbs.R")
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
frame <- read_data("../../data/airquality.csv", c("Ozone", "Solar.R", "Wind", "Temp"))[1:60, ]
imputed <- mice(frame, m = 7, method = "pmm", seed = 5, printFlag = FALSE)
write_data(do.call(rbind, lapply(1:7, function(i) cbind(.imp = i, complete(imputed, i)))), "imputed.csv")
pooled_verbs_case("imputed.csv", "Ozone ~ Solar.R + Wind + Temp", c("Ozone", "Solar.R", "Temp"))
