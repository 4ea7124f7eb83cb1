# Interactions by lavaan's own delta method: simple slopes of observed products, standardised effects of a latent one.

source("../../R/sem_after.R")

defined_rows <- function(fit) {
  table <- as.data.frame(unclass(parameterEstimates(fit)))
  compact(table[table$op == ":=", c("lhs", "est", "se", "z", "pvalue", "ci.lower", "ci.upper")])
}

# Slopes of y on x at the mean of w and one standard deviation (divisor n) below and above it; `centred` says whether x and
# w are centred before they are multiplied (the model has x and w as they are in both cases). The same by least squares.
observed_slopes_case <- function(data, y, x, w, centred) {
  frame <- read_data(data)
  product <- function(a, b) if (centred) (a - mean(a)) * (b - mean(b)) else a * b
  frame$product <- product(frame[[x]], frame[[w]])
  n <- nrow(frame)
  spread <- sd(frame[[w]]) * sqrt((n - 1) / n)
  at <- mean(frame[[w]]) + c(-1, 0, 1) * spread
  from <- at - if (centred) mean(frame[[w]]) else 0
  model <- paste0(y, " ~ b1*", x, " + b2*", w, " + b3*product")
  slopes <- paste0(c("low", "middle", "high"), " := b1 + b3*(", sprintf("%.17g", from), ")", collapse = "\n")
  fit <- settle("sem", paste(model, slopes, sep = "\n"), data = frame)$fit
  line <- lm(reformulate(c(x, w, "product"), y), data = frame)
  v <- vcov(line)
  record(c(start_of_record(data), list(
    y = y, x = x, w = w, centred = centred, at = I(at), slopes = defined_rows(fit),
    least_squares = list(slope = I(coef(line)[[x]] + coef(line)[["product"]] * from),
                         std_error = I(sqrt(v[x, x] + 2 * from * v[x, "product"] + from^2 * v["product", "product"])),
                         df = line$df.residual)
  )), "lavaan")
}

# Effects of x, w and their doubly centred, matched products on y, standardised by the deviations of x, w and y (Wen, Marsh
# & Hau, 2010), as defined parameters of the model, so that their standard errors count those of the variances.
standardised_case <- function(data, ...) {
  frame <- indProd(read_data(data), var1 = paste0("x", 1:3), var2 = paste0("w", 1:3), match = TRUE, meanC = TRUE,
                   residualC = FALSE, doubleMC = TRUE)
  fit <- settle("sem", model_text(), data = frame, ...)$fit
  record(c(start_of_record(data), list(effects = defined_rows(fit))), c("lavaan", "semTools"))
}
