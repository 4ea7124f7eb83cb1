# Descriptive statistics of the items; skewness and kurtosis of type 2.
suppressMessages(library(psych))
source("../../R/record.R")
data <- read_data("../../../../data/mobi/responses.csv")
found <- describe(data, type = 2)
record(list(data = "../../../../data/mobi/responses.csv",
            items = data.frame(item = rownames(found), n = found$n, mean = found$mean, sd = found$sd, skew = found$skew,
                               kurtosis = found$kurtosis, min = found$min, max = found$max)), "psych")
