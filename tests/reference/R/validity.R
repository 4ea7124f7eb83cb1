# Composite reliability and average variance extracted of each factor of a model, by the formulas and by semTools.

suppressMessages({library(lavaan); library(semTools)})
source("../../R/record.R")
source("../../R/sem.R")

# From standardised loadings l (Fornell and Larcker, 1981): CR = (sum l)^2 / ((sum l)^2 + sum(1 - l^2)); AVE = mean l^2.
# From the model as it is scaled: the same with loadings, factor variance and residual variances, which is omega.
by_hand <- function(fit, factor) {
  table <- parameterEstimates(fit, standardized = TRUE)
  loading <- table[table$op == "=~" & table$lhs == factor, ]
  variance <- table$est[table$op == "~~" & table$lhs == factor & table$rhs == factor]
  error <- table$est[match(loading$rhs, ifelse(table$op == "~~" & table$lhs == table$rhs, table$lhs, ""))]
  l <- loading$std.all
  list(items = I(loading$rhs),
       cr = sum(l)^2 / (sum(l)^2 + sum(1 - l^2)), ave = mean(l^2), sqrt_ave = sqrt(mean(l^2)),
       omega = sum(loading$est)^2 * variance / (sum(loading$est)^2 * variance + sum(error)),
       ave_unstandardised = sum(loading$est^2) * variance / (sum(loading$est^2) * variance + sum(error)))
}

validity_case <- function(path) {
  close <- fit_closely("cfa", model_text(), data = read_data(path))
  factors <- lavNames(close$fit, "lv")
  found <- lapply(factors, function(factor) by_hand(close$fit, factor))
  names(found) <- factors
  record(list(data = path, factors = found, cor_lv = plain_matrix(lavInspect(close$fit, "cor.lv")),
              semtools_omega = as.list(compRelSEM(close$fit, obs.var = FALSE)),
              semtools_omega_observed = as.list(compRelSEM(close$fit, obs.var = TRUE)),
              semtools_ave = as.list(AVE(close$fit, obs.var = FALSE)),
              semtools_ave_observed = as.list(AVE(close$fit))), c("lavaan", "semTools"))
}
