# Weighted means, shares, tables and correlations by the survey package: rows drawn independently, ids = ~1.

suppressMessages(library(survey))
source("../../R/record.R")

weighted_case <- function(path, numbers, categories, weight, level = 0.95) {
  data <- read_data(path, c(numbers, categories, weight), complete = TRUE)
  for (name in categories) data[[name]] <- factor(data[[name]])
  design <- svydesign(ids = ~1, weights = reformulate(weight), data = data)
  w <- data[[weight]]
  df <- degf(design)
  means <- do.call(rbind, lapply(numbers, function(name) {
    found <- svymean(reformulate(name), design)
    interval <- confint(found, level = level, df = df)
    data.frame(term = name, mean = coef(found)[[1]], std_error = SE(found)[[1]], ci_low = interval[1], ci_high = interval[2],
               sd = sqrt(coef(svyvar(reformulate(name), design))[[1]]))
  }))
  shares <- do.call(rbind, lapply(levels(data[[categories[1]]]), function(value) {
    data$there <- as.numeric(data[[categories[1]]] == value)
    own <- svydesign(ids = ~1, weights = reformulate(weight), data = data)
    found <- svyciprop(~there, own, method = "logit", level = level)
    interval <- confint(found)
    data.frame(value = value, share = coef(found)[[1]], std_error = SE(svymean(~there, own))[[1]], ci_low = interval[1],
               ci_high = interval[2])
  }))
  formula <- reformulate(categories)
  tested <- suppressWarnings(svychisq(formula, design, statistic = "F"))
  correlations <- do.call(rbind, lapply(combn(numbers, 2, simplify = FALSE), function(pair) {
    data$x <- data[[pair[1]]]
    data$y <- data[[pair[2]]]
    own <- svydesign(ids = ~1, weights = reformulate(weight), data = transform(data, xx = x^2, yy = y^2, xy = x * y))
    moments <- svymean(~ x + y + xx + yy + xy, own)
    r <- svycontrast(moments, quote((xy - x * y) / sqrt((xx - x^2) * (yy - y^2))))
    data.frame(first = pair[1], second = pair[2], estimate = coef(r)[[1]], std_error = SE(r)[[1]])
  }))
  record(list(
    data = path, columns = I(c(numbers, categories, weight)), complete_rows = TRUE, numbers = I(numbers),
    categories = I(categories), weight = weight, n = nrow(data), effective = sum(w)^2 / sum(w^2), means = means,
    shares = shares, table = unclass(svytable(formula, design)), correlations = correlations,
    f = tested$statistic[[1]], ndf = tested$parameter[[1]], ddf = tested$parameter[[2]], p_value = tested$p.value[[1]]
  ), "survey")
}
