# Staff against targets, and performance against expectation: t tests, effect sizes, standardised weights with HC3.

source("../../R/record.R")

# One-sample t test of each role and facet; d with the noncentrality that t cuts off (uniroot on pt).
gap_rows <- function(data, targets, level) {
  rows <- list()
  for (role in sort(unique(data$role))) for (facet in names(targets)) {
    values <- data[data$role == role, facet]
    values <- values[!is.na(values)]
    test <- t.test(values, mu = targets[[facet]], conf.level = level)
    t <- as.numeric(test$statistic); df <- as.numeric(test$parameter); n <- length(values); tail <- (1 - level) / 2
    end <- function(share) uniroot(function(delta) suppressWarnings(pt(t, df, delta)) - share, t + c(-15, 15), tol = 1e-13)$root
    rows[[length(rows) + 1]] <- data.frame(
      role = role, facet = facet, n = n, gap = mean(values) - targets[[facet]], statistic = t, df = df,
      p_value = test$p.value, ci_low = test$conf.int[1] - targets[[facet]], ci_high = test$conf.int[2] - targets[[facet]],
      d = t / sqrt(n), d_low = end(1 - tail) / sqrt(n), d_high = end(tail) / sqrt(n)
    )
  }
  rows <- do.call(rbind, rows)
  rows$p_adjusted <- p.adjust(rows$p_value, "holm")
  rows
}

# Paired t tests; standardised weights with HC3 and their contrasts with the mean weight; means of stated importance.
service_rows <- function(data, names, level) {
  paired <- do.call(rbind, lapply(names, function(name) {
    test <- t.test(data[[paste0(name, "_got")]], data[[paste0(name, "_due")]], paired = TRUE, conf.level = level)
    data.frame(
      attribute = name, n = as.numeric(test$parameter) + 1, difference = as.numeric(test$estimate),
      statistic = as.numeric(test$statistic), df = as.numeric(test$parameter), p_value = test$p.value,
      ci_low = test$conf.int[1], ci_high = test$conf.int[2]
    )
  }))
  paired$p_adjusted <- p.adjust(paired$p_value, "holm")
  k <- length(names)
  contrast <- diag(k) - 1 / k
  whole <- na.omit(data[c(paste0(names, "_got"), "loyalty")])
  fit <- lm(loyalty ~ ., data = as.data.frame(scale(whole)))
  cov <- sandwich::vcovHC(fit, type = "HC3")[-1, -1]
  half <- qt(0.5 + level / 2, fit$df.residual)
  above <- as.numeric(contrast %*% coef(fit)[-1]); error <- sqrt(diag(contrast %*% cov %*% t(contrast)))
  weights <- data.frame(
    attribute = names, estimate = as.numeric(coef(fit)[-1]), std_error = sqrt(diag(cov)),
    above = above, above_low = above - half * error, above_high = above + half * error
  )
  said <- na.omit(data[paste0(names, "_said")])
  stated <- do.call(rbind, lapply(names, function(name) {
    test <- t.test(said[[paste0(name, "_said")]] - rowMeans(said), conf.level = level)
    data.frame(attribute = name, estimate = mean(said[[paste0(name, "_said")]]), above = as.numeric(test$estimate),
      above_low = test$conf.int[1], above_high = test$conf.int[2])
  }))
  list(paired = paired, weights = weights, stated = stated, complete = nrow(whole))
}
