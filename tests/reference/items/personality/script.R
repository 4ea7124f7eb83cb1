# The same where answers are missing.
suppressMessages(library(psych))
source("../../R/record.R")
items <- c(paste0("A", 1:5), paste0("C", 1:5))
data <- read_data("../../data/personality.csv", items)
found <- describe(data, type = 2)
record(list(data = "../../data/personality.csv", columns = I(items),
            items = data.frame(item = rownames(found), n = found$n, mean = found$mean, sd = found$sd, skew = found$skew,
                               kurtosis = found$kurtosis, min = found$min, max = found$max)), "psych")
