# Scalograms and Loevinger's H by counting: errors row by row, H as one less observed over expected Guttman errors, and
# standard errors by the delta method with numerical derivatives after the share of every answer pattern.

source("../../R/record.R")

# Errors of one row against the pattern of the same total.
row_errors <- function(answers, order) {
  total <- sum(answers)
  expected <- rep(0, length(answers))
  expected[order[seq_len(total)]] <- 1
  sum(expected != answers)
}

# Errors of one row against the nearest perfect pattern.
nearest_errors <- function(answers, order) {
  min(vapply(0:length(answers), function(total) {
    expected <- rep(0, length(answers))
    expected[order[seq_len(total)]] <- 1
    sum(expected != answers)
  }, 0))
}

# Errors of one item at its best cut of the totals.
cut_errors <- function(answers, totals, k) {
  min(vapply(0:(k + 1), function(cut) sum((totals >= cut) != (answers == 1)), 0))
}

coefficients_of <- function(x, errors) {
  p <- colMeans(x)
  cr <- 1 - errors / length(x)
  mmr <- mean(pmax(p, 1 - p))
  most <- min(sum(pmin(colSums(x), nrow(x) - colSums(x))), sum(pmin(rowSums(x), ncol(x) - rowSums(x))))
  list(errors = errors, reproducibility = cr, minimal = mmr, improvement = cr - mmr, scalability = (cr - mmr) / (1 - mmr),
       menzel = 1 - errors / most)
}

# Loevinger's H over pairs of columns, from weights of the rows: one less the Guttman errors over those by chance.
h_of <- function(x, weights, pairs) {
  weights <- weights / sum(weights)
  p <- colSums(weights * x)
  seen <- chance <- 0
  for (pair in pairs) {
    easy <- if (p[pair[1]] >= p[pair[2]]) pair[1] else pair[2]
    hard <- setdiff(pair, easy)
    seen <- seen + sum(weights * (x[, easy] == 0 & x[, hard] == 1))
    chance <- chance + (1 - p[easy]) * p[hard]
  }
  unname(1 - seen / chance)
}

# The delta method: each row's weight is moved a little both ways.
h_with_error <- function(x, pairs) {
  n <- nrow(x)
  step <- 1e-5
  influence <- vapply(seq_len(n), function(row) {
    up <- down <- rep(1 / n, n)
    up[row] <- up[row] + step
    down[row] <- down[row] - step
    (h_of(x, up, pairs) - h_of(x, down, pairs)) / (2 * step)
  }, 0)
  c(h = h_of(x, rep(1, n), pairs), se = sqrt(mean((influence - mean(influence))^2) / n))
}

scalogram_case <- function(path, columns, present) {
  data <- read_data(path, columns)
  x <- 1 * (as.matrix(data[complete.cases(data), ]) >= present)
  k <- ncol(x)
  order <- order(-colSums(x))
  totals <- rowSums(x)
  goodenough <- sum(apply(x, 1, row_errors, order = order))
  nearest <- sum(apply(x, 1, nearest_errors, order = order))
  cornell <- sum(apply(x, 2, cut_errors, totals = totals, k = k))
  all_pairs <- combn(k, 2, simplify = FALSE)
  of_pairs <- t(vapply(all_pairs, function(pair) h_with_error(x, list(pair)), c(0, 0)))
  of_items <- t(vapply(seq_len(k), function(item) {
    h_with_error(x, Filter(function(pair) item %in% pair, all_pairs))
  }, c(0, 0)))
  whole <- h_with_error(x, all_pairs)
  record(list(
    data = path, columns = columns, present = present, n = nrow(x),
    goodenough_edwards = coefficients_of(x, goodenough), cornell = coefficients_of(x, cornell),
    minimal = coefficients_of(x, nearest),
    share = as.list(colMeans(x)),
    pairs = data.frame(first = columns[vapply(all_pairs, `[`, 0L, 1)], second = columns[vapply(all_pairs, `[`, 0L, 2)],
                       h = of_pairs[, 1], se = of_pairs[, 2]),
    items = data.frame(item = columns, h = of_items[, 1], se = of_items[, 2]),
    h = whole[["h"]], se = whole[["se"]]
  ), character())
}
