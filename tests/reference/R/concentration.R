# Customers by what they bring: concentration and RFM scores by base R, bootstrap intervals by boot.

suppressMessages(library(boot))
source("../../R/record.R")

# Made-up transactions with returns and with costs above the amount; written as input.csv of the case.
make_losses <- function(path) {
  set.seed(20261126)
  rows <- 420
  customer <- sample(sprintf("K%02d", 1:60), rows, replace = TRUE, prob = (1:60)^-0.7)
  amount <- round(rlnorm(rows, 3, 1.1), 2)
  back <- runif(rows) < 0.05
  amount[back] <- -round(amount[back] / 2, 2)
  cost <- round(abs(amount) * runif(rows, 0.3, 1.25), 2)
  cost[back] <- round(0.1 * abs(amount[back]), 2)
  date <- as.Date("2025-01-01") + sample(0:364, rows, replace = TRUE)
  write_data(data.frame(customer = customer, date = format(date), amount = amount, cost = cost), path)
}

# Shares and coefficients of values, by interpolation of the cumulated sums and by the double sum over all pairs.
figures_of <- function(x, top = 0.2, target = 0.8) {
  x <- sort(x, decreasing = TRUE)
  n <- length(x)
  at <- c(0, seq_len(n)) / n
  sums <- c(0, cumsum(x))
  pairs <- sum(vapply(x, function(one) sum(abs(x - one)), 0))
  reach <- which(sums >= target * sums[n + 1])[1]
  edge <- c(reach - 1, reach)
  c(
    top_share = approx(at, sums, top)$y / sums[n + 1],
    target_share = approx(sums[edge], at[edge], target * sums[n + 1])$y,
    gini = pairs / (2 * n^2 * mean(x)),
    gini_normalised = pairs / (2 * n * (sum(x[x > 0]) - sum(x[x < 0])))
  )
}

# The same of a bootstrap sample, sorted downwards, with the Gini by ranks.
figures_by_rank <- function(x, top = 0.2, target = 0.8) {
  n <- length(x)
  at <- c(0, seq_len(n)) / n
  sums <- c(0, cumsum(x))
  reach <- which(sums >= target * sums[n + 1])[1]
  edge <- c(reach - 1, reach)
  spread <- sum((n + 1 - 2 * seq_len(n)) * x)
  c(approx(at, sums, top)$y / sums[n + 1], approx(sums[edge], at[edge], target * sums[n + 1])$y,
    spread / (n * sum(x)), spread / (n * sum(abs(x))))
}

# The same from weights that sum to 1, for the influence values of boot's empinf().
weighed <- function(x, w, top = 0.2, target = 0.8) {
  at <- c(0, cumsum(w))
  sums <- c(0, cumsum(w * x))
  total <- sums[length(sums)]
  reach <- which(sums >= target * total)[1]
  edge <- c(reach - 1, reach)
  half <- sum(w * x * (1 - 2 * cumsum(w) + w))
  c(approx(at, sums, top)$y / total, approx(sums[edge], at[edge], target * total)$y, half / total, half / sum(w * abs(x)))
}

concentration_of <- function(x, seed) {
  found <- figures_of(x)
  x <- sort(x, decreasing = TRUE)
  set.seed(seed)
  made <- boot(x, function(data, f) figures_by_rank(rep(data, f)), R = 4000, stype = "f")
  at <- c(0, seq_along(x)) / length(x)
  curve <- approx(at, c(0, cumsum(rev(x))) / sum(x), (0:100) / 100)$y
  ends <- lapply(seq_along(found), function(k) {
    influence <- empinf(data = x, statistic = function(data, w) weighed(data, w / sum(w))[k], type = "inf", stype = "w")
    ci <- boot.ci(made, conf = 0.95, type = c("perc", "bca"), index = k, L = influence)
    list(
      percentile = I(ci$percent[4:5]), bca = I(ci$bca[4:5]), replicate_sd = sd(made$t[, k]),
      influence_sd = sqrt(sum(influence^2)) / length(x)
    )
  })
  names(ends) <- names(found)
  list(estimates = as.list(found), intervals = ends, lorenz = I(curve), n = length(x), total = sum(x))
}

concentration_case <- function(path, cost = FALSE) {
  data <- read_data(path)
  result <- list(data = path, revenue = concentration_of(as.vector(tapply(data$amount, data$customer, sum)), 1))
  if (cost) {
    result$profit <- concentration_of(as.vector(tapply(data$amount - data$cost, data$customer, sum)), 2)
  }
  record(result, "boot")
}

# Scores by R's quantile() (type 7) and findInterval(); a negative amount is a return.
rfm_case <- function(path) {
  data <- read_data(path)
  data$date <- as.Date(data$date)
  bought <- data[data$amount >= 0, ]
  day <- max(data$date)
  last <- tapply(as.numeric(bought$date), bought$customer, max)
  recency <- as.numeric(day) - last
  frequency <- tapply(bought$amount, bought$customer, length)
  monetary <- tapply(data$amount, data$customer, sum)[names(last)]
  monetary <- signif(monetary, 12)
  score <- function(x) {
    cuts <- quantile(x, 1:4 / 5, type = 7, names = FALSE)
    list(cuts = cuts, class = findInterval(x, cuts, left.open = TRUE) + 1)
  }
  r <- score(recency); f <- score(frequency); m <- score(monetary)
  record(list(
    data = path, as_of = format(day), n = length(last), customer = I(names(last)),
    cuts = list(recency = I(r$cuts), frequency = I(f$cuts), monetary = I(m$cuts)),
    r = I(6 - r$class), f = I(f$class), m = I(m$class), monetary = I(as.vector(monetary))
  ), "base")
}
