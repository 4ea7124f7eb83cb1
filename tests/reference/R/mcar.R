# Little's test (1988) in plain R: EM for the normal moments of incomplete rows (divisor n), row by row, then the sum over
# patterns. No package is used, so that it is a derivation of its own.

em_moments <- function(data, tolerance = 1e-12, most = 20000) {
  x <- as.matrix(data)
  p <- ncol(x)
  n <- nrow(x)
  mu <- colMeans(x, na.rm = TRUE)
  sigma <- diag(apply(x, 2, function(column) mean((column - mean(column, na.rm = TRUE))^2, na.rm = TRUE)), p)
  for (step in seq_len(most)) {
    first <- numeric(p)
    second <- matrix(0, p, p)
    for (i in seq_len(n)) {
      there <- which(!is.na(x[i, ]))
      gone <- which(is.na(x[i, ]))
      filled <- x[i, ]
      left <- matrix(0, p, p)
      if (length(gone)) {
        slope <- sigma[gone, there, drop = FALSE] %*% solve(sigma[there, there, drop = FALSE])
        filled[gone] <- mu[gone] + slope %*% (x[i, there] - mu[there])
        left[gone, gone] <- sigma[gone, gone] - slope %*% sigma[there, gone, drop = FALSE]
      }
      first <- first + filled
      second <- second + tcrossprod(filled) + left
    }
    new_mu <- first / n
    new_sigma <- second / n - tcrossprod(new_mu)
    change <- max(abs(new_mu - mu) / sqrt(diag(new_sigma)),
                  abs(new_sigma - sigma) / sqrt(outer(diag(new_sigma), diag(new_sigma))))
    mu <- new_mu
    sigma <- new_sigma
    if (change < tolerance) break
  }
  list(mean = mu, covariance = sigma, steps = step)
}

little <- function(data) {
  x <- as.matrix(data)
  x <- x[rowSums(!is.na(x)) > 0, , drop = FALSE]
  centre <- colMeans(x, na.rm = TRUE)
  x <- sweep(x, 2, centre)
  moments <- em_moments(x)
  pattern <- apply(is.na(x), 1, paste, collapse = " ")
  d2 <- 0
  df <- -ncol(x)
  for (one in unique(pattern)) {
    rows <- x[pattern == one, , drop = FALSE]
    there <- which(!is.na(rows[1, ]))
    gap <- colMeans(rows[, there, drop = FALSE]) - moments$mean[there]
    d2 <- d2 + nrow(rows) * drop(gap %*% solve(moments$covariance[there, there, drop = FALSE]) %*% gap)
    df <- df + length(there)
  }
  list(d2 = d2, df = df, p_value = pchisq(d2, df, lower.tail = FALSE), patterns = length(unique(pattern)), n = nrow(x),
       dropped = nrow(as.matrix(data)) - nrow(x))
}

record_little <- function(path, columns = NULL, change = identity) {
  data <- read_data(path)
  if (!is.null(columns)) data <- data[columns]
  found <- little(change(data))
  record(c(list(data = path, columns = if (is.null(columns)) NULL else I(columns)), found), "stats")
}
