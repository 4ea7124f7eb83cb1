# Costs of serving customers: means of contacts in clusters by the survey package, each channel for itself. Diversity of
# kinds of customers: plain R.

source("../../R/record.R")

# Contacts of one channel (or all) are clusters by customer; a contact without a customer is a cluster of its own.
cost_case <- function(path, seed, customers, contacts) {
  set.seed(seed)
  data <- data.frame(
    customer = sprintf("c%03d", 1 + floor(customers * runif(contacts)^1.7)),
    channel = sample(c("phone", "visit", "web"), contacts, TRUE, c(0.5, 0.1, 0.4)), stringsAsFactors = FALSE
  )
  data$cost <- round(exp(rnorm(contacts, 1, 0.7)) * c(phone = 2, visit = 6, web = 0.3)[data$channel], 2)
  data$customer[sample(contacts, contacts %/% 40)] <- NA
  write_data(data, path)
  suppressMessages(library(survey))
  data <- read_data(path)
  nameless <- is.na(data$customer)
  data$unit <- ifelse(nameless, paste0("row", seq_len(nrow(data))), data$customer)
  one <- function(rows, term) {
    there <- data[rows, ]
    design <- svydesign(ids = ~unit, weights = ~1, data = there)
    found <- svymean(~cost, design)
    error <- as.numeric(SE(found)); mean <- as.numeric(coef(found)); df <- length(unique(there$unit)) - 1
    t <- qt(0.975, df)
    data.frame(
      term = term, estimate = mean, std_error = error, df = df, low = mean - t * error, high = mean + t * error,
      log_low = exp(log(mean) - t * error / mean), log_high = exp(log(mean) + t * error / mean)
    )
  }
  terms <- do.call(rbind, c(
    list(one(rep(TRUE, nrow(data)), "cost_per_contact")),
    lapply(sort(unique(data$channel)), function(name) one(data$channel == name, paste0("cost_per_contact: ", name)))
  ))
  # one total a customer: the plain t interval
  totals <- tapply(data$cost[!nameless], data$customer[!nameless], sum)
  by_customer <- t.test(totals)
  record(list(
    data = path, terms = terms,
    customer = data.frame(
      estimate = as.numeric(by_customer$estimate), std_error = by_customer$stderr, df = as.numeric(by_customer$parameter),
      low = by_customer$conf.int[1], high = by_customer$conf.int[2]
    )
  ), "survey")
}

diversity_case <- function(counts, level = 0.95) {
  n <- sum(counts); p <- counts / n; s <- length(counts)
  h <- -sum(ifelse(p > 0, p * log(p), 0))
  # the limit of Hill numbers as their order goes to 1, and the number of order 2
  hill <- function(q) sum(p^q)^(1 / (1 - q))
  z <- qnorm((1 + level) / 2)
  se <- sqrt((sum(p * log(p)^2) - sum(p * log(p))^2) / n + (s - 1) / (2 * n^2))
  record(list(
    counts = I(counts), shannon = h, hill_1 = exp(h), hill_1_limit = (hill(1 + 1e-5) + hill(1 - 1e-5)) / 2,
    hill_2 = hill(2), simpson = 1 - sum(p^2), evenness = h / log(s), shannon_se = se,
    low = exp(h - z * se), high = exp(h + z * se)
  ), character())
}

# Costs per contact and per customer, and what a contact saves that moves from one channel to another, with BCa intervals
# over customers by boot. One channel is so rare that some resamples have no customer on it.
cost_bootstrap_case <- function(path, seed, customers, contacts, from, to, replicates) {
  set.seed(seed)
  data <- data.frame(
    customer = sprintf("c%02d", 1 + floor(customers * runif(contacts)^1.5)),
    channel = sample(c("phone", "visit", "web"), contacts, TRUE, c(0.55, 0.03, 0.42)), stringsAsFactors = FALSE
  )
  data$cost <- round(exp(rnorm(contacts, 1, 0.8)) * c(phone = 2, visit = 6, web = 0.4)[data$channel], 2)
  write_data(data, path)
  suppressMessages(library(boot))
  data <- read_data(path)
  channels <- sort(unique(data$channel))
  costs <- tapply(data$cost, list(data$customer, data$channel), sum, default = 0)
  counts <- tapply(data$cost, list(data$customer, data$channel), length, default = 0)
  statistic <- function(rows, i) {
    cost <- colSums(costs[i, , drop = FALSE]); n <- colSums(counts[i, , drop = FALSE])
    means <- cost / n
    c(sum(cost) / sum(n), sum(cost) / length(i), means, means[[from]] - means[[to]])
  }
  found <- boot(seq_len(nrow(costs)), statistic, replicates)
  terms <- c("cost_per_contact", "cost_per_customer", paste0("cost_per_contact: ", channels), "saving")
  one <- function(k) {
    use <- is.finite(found$t[, k])
    # the replicates that have the channel stand for all of them
    some <- found; some$t <- found$t[use, , drop = FALSE]; some$R <- sum(use)
    influence <- vapply(seq_len(nrow(costs)), function(i) statistic(NULL, -i)[k], 0)
    ends <- boot.ci(some, conf = 0.95, type = "bca", index = k, L = mean(influence) - influence)$bca[4:5]
    data.frame(term = terms[k], estimate = found$t0[[k]], std_error = sd(found$t[use, k]), low = ends[1], high = ends[2])
  }
  record(list(data = path, replicates = replicates, terms = do.call(rbind, lapply(seq_along(terms), one))), "boot")
}
