# Customers: survival by the survival package, cohorts and present values by plain R.

suppressMessages(library(survival))
source("../../R/record.R")

curve_of <- function(time, lost, type) {
  fit <- summary(survfit(Surv(time, lost) ~ 1, conf.type = type), censored = TRUE)
  half <- summary(survfit(Surv(time, lost) ~ 1, conf.type = type))$table
  list(
    curve = data.frame(time = fit$time, at_risk = fit$n.risk, lost = fit$n.event, survival = fit$surv,
                       std_error = fit$std.err, ci_low = fit$lower, ci_high = fit$upper),
    median = list(estimate = half[["median"]], low = half[["0.95LCL"]], high = half[["0.95UCL"]])
  )
}

curves_of <- function(time, lost) {
  list(loglog = curve_of(time, lost, "log-log"), log = curve_of(time, lost, "log"), plain = curve_of(time, lost, "plain"))
}

# Times and losses as they stand.
survival_case <- function(time, lost) {
  write_data(data.frame(time = time, lost = as.integer(lost)), "times.csv")
  record(c(list(data = "times.csv", n = length(time)), curves_of(time, lost)), "survival")
}

# Purchases that thin out: a customer stays for a random time and buys at random days while it does.
purchases <- function(customers, days, every, stay, seed) {
  RNGkind("Mersenne-Twister", "Inversion", "Rejection")
  set.seed(seed)
  rows <- lapply(seq_len(customers), function(i) {
    first <- sample(0:(days - 1), 1)
    last <- min(days - 1, first + floor(rexp(1, 1 / stay)))
    more <- which(runif(max(last - first, 0)) < 1 / every) + first
    data.frame(customer = sprintf("k%03d", i), day = c(first, more))
  })
  found <- do.call(rbind, rows)
  found$date <- format(as.Date("2024-01-01") + found$day)
  found$amount <- round(rlnorm(nrow(found), 3, 1) - 5, 2)
  found <- found[sample(nrow(found)), c("customer", "date", "amount")]
  rownames(found) <- NULL
  found
}

# Cohorts by first purchase, one customer at a time; losses by a gap; shares with prop.test. Negative amounts are
# returns: no purchases, but part of the revenue.
retention_case <- function(sales, until, gap, months) {
  write_data(sales, "sales.csv")
  end <- as.Date(until)
  period_of <- function(date) {
    parts <- as.POSIXlt(date)
    ((parts$year + 1900) * 12 + parts$mon) %/% months
  }
  bought <- sales[sales$amount >= 0, ]
  by_customer <- split(as.Date(bought$date), bought$customer)
  sales$period <- period_of(as.Date(sales$date))
  lives <- do.call(rbind, lapply(names(by_customer), function(name) {
    dates <- sort(unique(by_customer[[name]]))
    following <- c(dates[-1], end)
    long <- which(as.integer(following - dates) > gap)
    data.frame(
      customer = name, cohort = period_of(dates[1]), visits = length(dates),
      time = if (length(long)) as.integer(dates[long[1]] - dates[1]) + gap else as.integer(end - dates[1]),
      lost = length(long) > 0, returned = length(long) > 0 && long[1] < length(dates)
    )
  }))
  active <- lapply(by_customer, function(dates) unique(period_of(dates)))
  last <- period_of(end); over <- period_of(end + 1) > last
  cells <- do.call(rbind, lapply(sort(unique(lives$cohort)), function(cohort) {
    names <- lives$customer[lives$cohort == cohort]
    do.call(rbind, lapply(0:(last - cohort), function(after) {
      here <- sum(vapply(active[names], function(periods) (cohort + after) %in% periods, TRUE))
      ends <- suppressWarnings(prop.test(here, length(names), correct = FALSE)$conf.int)
      paid <- sum(sales$amount[sales$customer %in% names & sales$period == cohort + after])
      data.frame(cohort = cohort, period = after, customers = length(names), active = here, ci_low = ends[1],
                 ci_high = ends[2], complete = cohort + after < last || over, revenue = paid)
    }))
  }))
  whole <- cells[cells$complete, ]
  pooled <- aggregate(cbind(customers, active) ~ period, whole, sum)
  repeats <- suppressWarnings(prop.test(sum(lives$visits > 1), nrow(lives), correct = FALSE))
  record(c(list(
    data = "sales.csv", until = until, gap = gap, months = months, n = nrow(lives), cohorts = cells, pooled = pooled,
    repeat_rate = list(estimate = repeats$estimate[[1]], low = repeats$conf.int[1], high = repeats$conf.int[2]),
    lost = sum(lives$lost), returned = sum(lives$returned)
  ), curves_of(lives$time, lives$lost)), "survival")
}

# Present values one period at a time; the retention at which the total equals what was invested by uniroot().
value_case <- function(table, rate, every) {
  write_data(table, "margins.csv")
  inner <- (1 + rate)^(1 / every) - 1
  worth <- function(rows, stay, first) {
    value <- 0; factor <- if (first == 0) 1 else stay / (1 + inner)
    for (row in seq_len(nrow(rows))) {
      value <- value + factor * (rows$margin[row] - rows$cost[row])
      factor <- factor * stay / (1 + inner)
    }
    value
  }
  names <- sort(unique(table$customer))
  each <- do.call(rbind, lapply(names, function(name) {
    rows <- table[table$customer == name, ]; rows <- rows[order(rows$period), ]
    data.frame(customer = name, start = worth(rows, rows$retention[1], 0), end = worth(rows, rows$retention[1], 1),
               invested = rows$acquisition[1])
  }))
  gap <- function(stay) {
    sum(vapply(names, function(name) {
      rows <- table[table$customer == name, ]
      worth(rows[order(rows$period), ], stay, 0)
    }, 0)) - sum(each$invested)
  }
  record(list(
    data = "margins.csv", rate = rate, every = every, n = length(names), inner = inner, each = each,
    break_even = uniroot(gap, c(0, 1), tol = 1e-13)$root,
    endless = data.frame(
      retention = c(0.2, 0.5, 0.9), start = vapply(c(0.2, 0.5, 0.9), function(r) sum(100 * (r / (1 + rate))^(0:5000)), 0),
      end = vapply(c(0.2, 0.5, 0.9), function(r) sum(100 * (r / (1 + rate))^(1:5000)), 0)
    )
  ), character())
}

# Cut points of tiers: the quantiles of type 7.
tier_case <- function(values, parts) {
  table <- data.frame(customer = sprintf("k%03d", seq_along(values)), value = values)
  write_data(table, "values.csv")
  cuts <- quantile(values, parts, type = 7, names = FALSE)
  tier <- findInterval(values, cuts) + 1
  record(list(data = "values.csv", parts = I(parts), cuts = I(cuts), tier = I(tier), n = length(values)), character())
}
