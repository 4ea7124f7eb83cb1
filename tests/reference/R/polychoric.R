# Thresholds, polychoric (polyserial) correlations and their asymptotic covariance matrix as lavaan finds them in its
# first two steps, before any model: a model in which everything is free is set up and not fitted.

suppressMessages(library(lavaan))
source("../../R/record.R")

# `rows` keeps the first rows; `ordered` names the ordinal items (all without it); `zero_add` as lavaan's zero.add.
polychoric_case <- function(path, items, rows = NULL, missing = "listwise", weights = NULL, ordered = items,
                            zero_add = c(0.5, 0)) {
  data <- read_data(path, c(items, weights))
  if (!is.null(rows)) data <- data[seq_len(rows), ]
  pairs <- combn(items, 2)
  model <- c(paste(pairs[1, ], "~~", pairs[2, ]), paste(items, "~~", items), paste(setdiff(items, ordered), "~ 1"))
  if (length(setdiff(items, ordered)) == 0) model <- head(model, -1)
  heard <- with_warnings(lavaan(
    model, data = data, ordered = ordered, estimator = "WLSMV", missing = missing, sampling.weights = weights,
    parameterization = "delta", auto.th = TRUE, auto.delta = TRUE, do.fit = FALSE, zero.add = zero_add,
    zero.keep.margins = TRUE
  ))
  found <- heard$value
  statistics <- lavInspect(found, "sampstat")
  gamma <- lavInspect(found, "gamma")
  order <- match(items, colnames(statistics$cov))
  correlation <- cov2cor(unclass(statistics$cov)[order, order])
  m <- nrow(gamma)
  record(list(
    data = path, columns = I(c(items, weights)), rows = rows, missing = missing, weights = weights,
    ordered = I(ordered), items = I(items), zero_add = I(zero_add), n = lavInspect(found, "nobs"),
    same_order = identical(order, seq_along(items)),
    correlation = correlation,
    covariance = unclass(statistics$cov)[order, order],
    thresholds = as.list(unclass(statistics$th)),
    gamma_names = I(rownames(gamma)),
    gamma_diagonal = I(unname(diag(gamma))),
    # two products with known vectors in place of the whole matrix
    gamma_sines = I(as.numeric(gamma %*% sin(seq_len(m)))),
    gamma_cosines = I(as.numeric(gamma %*% cos(seq_len(m)))),
    warnings = heard$warnings
  ), "lavaan")
}
