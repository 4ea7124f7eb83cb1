# Squared Mahalanobis distances of the 24 items from their mean, covariance with divisor N - 1, and their upper tail.
source("../../R/record.R")
data <- read_data("../../../../data/mobi/responses.csv")
distance <- mahalanobis(data, colMeans(data), cov(data))
record(list(data = "../../../../data/mobi/responses.csv", df = ncol(data), distance = I(distance),
            p_value = I(pchisq(distance, ncol(data), lower.tail = FALSE))), "stats")
