# Rubin's rules for means, slopes, correlations and reliabilities over completed data sets: mice::pool and
# mice::pool.scalar, and the tests D2 written out.
suppressMessages({library(mice); library(sandwich); library(psych)})
source("../../R/record.R")

sets_of <- function(path) {
  frame <- read_data(path)
  lapply(split(frame[, names(frame) != ".imp"], frame$.imp), function(part) { rownames(part) <- NULL; part })
}

# One estimate with its standard errors, n - k degrees of freedom in the complete data.
rubin <- function(q, se, n, k) {
  found <- pool.scalar(q, se^2, n = n, k = k)
  list(estimate = found$qbar, std_error = sqrt(found$t), riv = found$r, df = found$df, fmi = found$fmi)
}

d2_of <- function(statistics, k) {
  m <- length(statistics)
  r <- (1 + 1 / m) * var(sqrt(statistics))
  f <- max((mean(statistics) / k - (m + 1) / (m - 1) * r) / (1 + r), 0)
  df2 <- k^(-3 / m) * (m - 1) * (1 + 1 / r)^2
  list(f = f, df1 = k, df2 = df2, p_value = pf(f, k, df2, lower.tail = FALSE))
}

pooled_verbs_case <- function(path, formula, scale) {
  sets <- sets_of(path)
  n <- nrow(sets[[1]])
  formula <- as.formula(formula)
  fits <- lapply(sets, function(data) lm(formula, data))
  classical <- summary(pool(as.mira(fits), dfcom = fits[[1]]$df.residual), conf.int = TRUE)
  terms <- names(coef(fits[[1]]))
  hc3 <- lapply(terms, function(term) {
    q <- sapply(fits, function(fit) coef(fit)[[term]])
    se <- sapply(fits, function(fit) sqrt(vcovHC(fit, "HC3")[term, term]))
    rubin(q, se, n, length(terms))
  })
  means <- lapply(names(sets[[1]]), function(item) {
    rubin(sapply(sets, function(d) mean(d[[item]])), sapply(sets, function(d) sd(d[[item]]) / sqrt(n)), n, 1)
  })
  pairs <- combn(scale, 2, simplify = FALSE)
  correlations <- lapply(pairs, function(pair) {
    z <- atanh(sapply(sets, function(d) cor(d[[pair[1]]], d[[pair[2]]])))
    found <- rubin(z, rep(1 / sqrt(n - 3), length(z)), n, 2)
    half <- qt(0.975, found$df) * found$std_error
    c(list(term = paste(pair, collapse = " ~~ ")), found,
      list(r = tanh(found$estimate), ci_low = tanh(found$estimate - half), ci_high = tanh(found$estimate + half)))
  })
  each <- lapply(sets, function(d) suppressMessages(alpha(d[scale], check.keys = FALSE, warnings = FALSE))$total)
  raw <- sapply(each, function(one) one$raw_alpha)
  ase <- sapply(each, function(one) one$ase)
  on_log <- rubin(-log(1 - raw), ase / (1 - raw), Inf, 1)
  half <- qt(0.975, on_log$df) * on_log$std_error
  chisq <- sapply(fits, function(fit) unname(summary(fit)$fstatistic[1] * summary(fit)$fstatistic[2]))
  squared <- sapply(fits, function(fit) summary(fit)$r.squared)
  record(list(
    imputed = path, formula = deparse(formula), scale = I(scale), n = n, m = length(sets),
    classical = data.frame(term = as.character(classical$term), estimate = classical$estimate,
                           std_error = classical$std.error, statistic = classical$statistic, df = classical$df,
                           p_value = classical$p.value, ci_low = classical$`2.5 %`, ci_high = classical$`97.5 %`),
    increase = pool(as.mira(fits), dfcom = fits[[1]]$df.residual)$pooled[, c("riv", "fmi")],
    hc3 = setNames(hc3, terms), means = setNames(means, names(sets[[1]])), correlations = correlations,
    alpha = list(alpha = 1 - exp(-on_log$estimate), riv = on_log$riv, df = on_log$df, fmi = on_log$fmi,
                 ci_low = 1 - exp(-(on_log$estimate - half)), ci_high = 1 - exp(-(on_log$estimate + half))),
    f = d2_of(chisq, length(terms) - 1), r_squared = tanh(mean(atanh(sqrt(squared))))^2,
    r_squared_mice = pool.r.squared(as.mira(fits))[1, "est"]
  ), c("mice", "sandwich", "psych"))
}
