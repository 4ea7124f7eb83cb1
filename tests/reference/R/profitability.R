# A moderated regression with HC3 errors from sandwich; slopes as coefficients of models centred elsewhere, bounds of
# Johnson and Neyman as roots of those coefficients' t, the detectable effect as a root of the noncentral F.

suppressMessages(library(sandwich))
source("../../R/record.R")

profitability_case <- function(path, profit, maturity, switching, covariates = character(), level = 0.95) {
  data <- read_data(path, c(profit, maturity, switching, covariates), complete = TRUE)
  n <- nrow(data)
  m <- mean(data[[switching]]); s <- sd(data[[switching]])
  fit_at <- function(place, crossed = "crm * ease") {
    moved <- data
    moved$crm <- moved[[maturity]] - mean(moved[[maturity]])
    moved$ease <- moved[[switching]] - place
    lm(reformulate(c(crossed, covariates), profit), moved)
  }
  row_of <- function(fit, term) {
    b <- coef(fit)[[term]]; se <- sqrt(diag(vcovHC(fit, type = "HC3")))[[term]]
    half <- qt((1 + level) / 2, fit$df.residual) * se
    list(estimate = b, std_error = se, statistic = b / se, p_value = 2 * pt(-abs(b / se), fit$df.residual),
         ci_low = b - half, ci_high = b + half)
  }
  centred <- fit_at(m)
  df <- centred$df.residual
  slopes <- do.call(rbind, lapply(c(-1, 0, 1), function(step) data.frame(at = step, row_of(fit_at(m + step * s), "crm"))))
  # the square of t less that of its critical value, over a wide grid, and the roots between changes of sign
  away <- function(place) { r <- row_of(fit_at(place), "crm"); r$statistic^2 - qt((1 + level) / 2, df)^2 }
  grid <- m + s * seq(-12, 12, by = 0.25)
  seen <- vapply(grid, away, 0)
  changes <- which(diff(sign(seen)) != 0)
  bounds <- vapply(changes, function(i) uniroot(away, grid[c(i, i + 1)], tol = 1e-12)$root, 0)
  without <- fit_at(m, "crm + ease")
  critical <- qf(level, 1, df)
  missed <- function(f2) pf(critical, 1, df, ncp = n * f2) - 0.2
  r <- cor.test(data[[maturity]], data[[profit]], conf.level = level)
  record(list(
    data = path, columns = c(profit, maturity, switching, covariates), profit = profit, maturity = maturity,
    switching = switching, covariates = I(covariates), n = n, df = df,
    maturity_row = row_of(centred, "crm"), switching_row = row_of(centred, "ease"), product = row_of(centred, "crm:ease"),
    delta_r_squared = summary(centred)$r.squared - summary(without)$r.squared, slopes = slopes, bounds = I(bounds),
    detectable_f2 = uniroot(missed, c(1e-6, 5), tol = 1e-13)$root,
    correlation = list(r = unname(r$estimate), low = r$conf.int[1], high = r$conf.int[2], p = r$p.value)
  ), "sandwich")
}
