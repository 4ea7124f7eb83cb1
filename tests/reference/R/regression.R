# Ordinary least squares, its covariances and diagnostics, with everything that is compared.

suppressMessages({library(lmtest); library(sandwich)})
source("../../R/record.R")

coefficient_table <- function(model, covariance, level = 0.95, df = model$df.residual) {
  estimate <- coef(model)
  std_error <- sqrt(diag(covariance))
  half <- qt((1 + level) / 2, df) * std_error
  data.frame(term = names(estimate), estimate = estimate, std_error = std_error, statistic = estimate / std_error,
             p_value = 2 * pt(-abs(estimate / std_error), df), ci_low = estimate - half, ci_high = estimate + half,
             row.names = NULL)
}

# The generalised variance inflation of each term (Fox and Monette), on the coefficients without the intercept.
inflation <- function(model) {
  assign <- attr(model.matrix(model), "assign")
  correlations <- cov2cor(vcov(model))[assign > 0, assign > 0, drop = FALSE]
  assign <- assign[assign > 0]
  terms <- attr(terms(model), "term.labels")
  value <- vapply(seq_along(terms), function(j) {
    own <- assign == j
    rest <- if (all(own)) 1 else det(correlations[!own, !own, drop = FALSE])
    det(correlations[own, own, drop = FALSE]) * rest / det(correlations)
  }, 0)
  data.frame(term = terms, df = as.numeric(table(assign)), gvif = value)
}

# The Wald F test that the named coefficients are all zero, with a given covariance matrix.
wald <- function(model, covariance, terms) {
  b <- coef(model)[terms]
  f <- as.numeric(b %*% solve(covariance[terms, terms], b)) / length(b)
  list(f = f, df1 = length(b), df2 = model$df.residual, p_value = pf(f, length(b), model$df.residual, lower.tail = FALSE))
}

# Skewness and excess kurtosis, type 2 (as SPSS and SAS).
shape <- function(x) {
  n <- length(x)
  z <- x - mean(x)
  g1 <- mean(z^3) / mean(z^2)^1.5
  g2 <- mean(z^4) / mean(z^2)^2 - 3
  list(skew = g1 * sqrt(n * (n - 1)) / (n - 2), kurtosis = ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3)))
}

# Jarque and Bera's statistic, from skewness and kurtosis with divisor n.
jarque_bera <- function(x) {
  z <- x - mean(x)
  statistic <- length(x) / 6 * ((mean(z^3) / mean(z^2)^1.5)^2 + (mean(z^4) / mean(z^2)^2 - 3)^2 / 4)
  list(statistic = statistic, df = 2, p_value = pchisq(statistic, 2, lower.tail = FALSE))
}

# Coefficients in standard deviations: every numeric column of the design and the outcome divided by theirs.
betas <- function(model) {
  design <- model.matrix(model)[, -1, drop = FALSE]
  as.list(coef(model)[-1] * apply(design, 2, sd) / sd(model.response(model.frame(model))))
}

regression_content <- function(model) {
  kinds <- c("HC0", "HC1", "HC2", "HC3")
  robust <- lapply(kinds, function(kind) coefficient_table(model, vcovHC(model, type = kind)))
  names(robust) <- kinds
  found <- summary(model)
  robust_f <- wald(model, vcovHC(model, type = "HC3"), names(coef(model))[-1])
  pagan <- bptest(model)
  residual <- residuals(model)
  list(
    formula = paste(deparse(formula(model)), collapse = " "), n = nobs(model),
    coefficients = c(list(classical = coefficient_table(model, vcov(model))), robust),
    beta = betas(model),
    fit = list(r_squared = found$r.squared, adj_r_squared = found$adj.r.squared, sigma = found$sigma,
               f = found$fstatistic[[1]], df_model = found$fstatistic[[2]], df_resid = found$fstatistic[[3]],
               f_pvalue = pf(found$fstatistic[[1]], found$fstatistic[[2]], found$fstatistic[[3]], lower.tail = FALSE),
               f_hc3 = robust_f$f, f_hc3_pvalue = robust_f$p_value,
               logl = as.numeric(logLik(model)), aic = AIC(model), bic = BIC(model)),
    inflation = inflation(model),
    breusch_pagan = list(statistic = pagan$statistic[[1]], df = pagan$parameter[[1]], p_value = pagan$p.value[[1]]),
    durbin_watson = sum(diff(residual)^2) / sum(residual^2),
    residual_shape = shape(residual),
    jarque_bera = jarque_bera(residual),
    largest_cook = max(cooks.distance(model)),
    largest_leverage = max(hatvalues(model))
  )
}

# `more` is a list of things the case adds.
regression_case <- function(formula, path, columns = NULL, more = NULL) {
  data <- read_data(path, columns, complete = TRUE)
  model <- lm(formula, data)
  added <- if (is.null(more)) NULL else more(model, data)
  record(c(list(data = path, columns = if (!is.null(columns)) I(columns), complete_rows = TRUE),
           regression_content(model), added), c("lmtest", "sandwich"))
}
