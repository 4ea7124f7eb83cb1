# Latent interactions by product indicators: the products, the fits, simple slopes.

source("../../R/sem_after.R")

# --- data -----------------------------------------------------------------------------------------------------------------

# Two skewed factors of three items whose product matters, an outcome of three items; 300 simulated rows, four decimals.
make_items <- function(path) {
  RNGkind("Mersenne-Twister", "Inversion", "Rejection")
  set.seed(20261125)
  n <- 300
  x <- rchisq(n, 6) / sqrt(12) - 6 / sqrt(12)
  w <- 0.4 * x + sqrt(1 - 0.16) * rnorm(n)
  y <- 0.4 * x + 0.3 * w + 0.35 * x * w + rnorm(n, sd = 0.7)
  item <- function(factor, loading, spread) 4 + loading * factor + rnorm(n, sd = spread)
  items <- data.frame(
    x1 = item(x, 0.9, 0.5), x2 = item(x, 0.8, 0.6), x3 = item(x, 0.7, 0.6),
    w1 = item(w, 0.9, 0.6), w2 = item(w, 0.8, 0.5), w3 = item(w, 0.7, 0.7),
    y1 = item(y, 1.0, 0.5), y2 = item(y, 0.9, 0.6), y3 = item(y, 0.8, 0.7)
  )
  items <- round(items, 4)
  holes <- items
  for (item in c("x1", "x3", "w2", "y1")) holes[sample(n, 12), item] <- NA
  write_data(items, file.path(path, "items.csv"))
  write_data(holes, file.path(path, "items_holes.csv"))
}

# --- products ---------------------------------------------------------------------------------------------------------------

ways <- list(
  plain = list(meanC = FALSE, residualC = FALSE, doubleMC = FALSE),
  mean_centred = list(meanC = TRUE, residualC = FALSE, doubleMC = FALSE),
  double_mean_centred = list(meanC = TRUE, residualC = FALSE, doubleMC = TRUE),
  residual_centred = list(meanC = FALSE, residualC = TRUE, doubleMC = FALSE)
)

# Every 15th row of the products, and the sums and sums of squares of all rows that have one.
products_case <- function(data, x, w) {
  frame <- read_data(data)
  found <- lapply(c(matched = TRUE, all_pairs = FALSE), function(match) lapply(ways, function(way) {
    made <- do.call(indProd, c(list(data = frame, var1 = x, var2 = w, match = match), way))
    made <- as.matrix(made[, setdiff(names(made), names(frame)), drop = FALSE])
    shown <- seq(1, nrow(made), by = 15)
    list(rows = I(shown - 1), products = plain_matrix(made[shown, ]), n = as.list(colSums(!is.na(made))),
         sum = as.list(colSums(made, na.rm = TRUE)), sum_of_squares = as.list(colSums(made^2, na.rm = TRUE)))
  }))
  record(c(start_of_record(data), list(x = I(x), w = I(w)), found), c("lavaan", "semTools"))
}

# --- fits -------------------------------------------------------------------------------------------------------------------

slope_table <- function(found) {
  table <- as.data.frame(unclass(found))
  names(table) <- c("at", "slope", "std_error", "z", "p_value")
  compact(table)
}

# The values of the moderator at which |slope| = 1.96 of its standard error (Bauer & Curran, 2005).
johnson_neyman <- function(b, v) {
  z2 <- qnorm(0.975)^2
  a2 <- b[["xw"]]^2 - z2 * v["xw", "xw"]
  a1 <- 2 * (b[["x"]] * b[["xw"]] - z2 * v["x", "xw"])
  a0 <- b[["x"]]^2 - z2 * v["x", "x"]
  roots <- polyroot(c(a0, a1, a2))
  if (max(abs(Im(roots))) > 1e-6) return(NULL)
  I(sort(Re(roots)))
}

# `way` is one of the names of `ways`; the model's product factor is xw, of products x1.w1 and so on. Slopes of y on x at
# whole numbers and at the mean and one standard deviation (of the fitted factor) around it.
interaction_case <- function(data, way, ...) {
  frame <- read_data(data)
  frame <- do.call(indProd, c(list(data = frame, var1 = paste0("x", 1:3), var2 = paste0("w", 1:3), match = TRUE),
                              ways[[way]]))
  close <- settle("sem", model_text(), data = frame, ...)
  fit <- close$fit
  estimates <- lavInspect(fit, "est")
  spread <- sqrt(estimates$psi["w", "w"])
  values <- c(-spread, 0, spread)
  probe <- if (way == "residual_centred") probe2WayRC else probe2WayMC
  slopes <- lapply(list(whole = c(-1, 0, 1), deviations = values), function(at) {
    slope_table(probe(fit, nameX = c("x", "w", "xw"), nameY = "y", modVar = "w", valProbe = at)$SimpleSlope)
  })
  names_of <- paste0("y~", c("x", "w", "xw"))
  v <- unclass(vcov(fit))[names_of, names_of]
  dimnames(v) <- list(c("x", "w", "xw"), c("x", "w", "xw"))
  b <- setNames(estimates$beta["y", c("x", "w", "xw")], c("x", "w", "xw"))
  cov_lv <- unclass(lavInspect(fit, "cov.lv"))
  deviation <- sqrt(diag(cov_lv))
  record(c(start_of_record(data), short_fit(close), list(
    way = way, estimates = compact(estimate_table(fit)), slopes = slopes, sd_moderator = spread,
    johnson_neyman = if (way != "residual_centred") johnson_neyman(b, v),
    # Wen, Marsh & Hau (2010, eq. 9): standardised by the deviations of x and w, not by that of their product
    standardised = list(x = b[["x"]] * deviation[["x"]] / deviation[["y"]],
                        w = b[["w"]] * deviation[["w"]] / deviation[["y"]],
                        xw = b[["xw"]] * deviation[["x"]] * deviation[["w"]] / deviation[["y"]],
                        xw_usual = b[["xw"]] * deviation[["xw"]] / deviation[["y"]])
  )), c("lavaan", "semTools"))
}
