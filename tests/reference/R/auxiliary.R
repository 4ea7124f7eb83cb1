# Auxiliary variables under full-information maximum likelihood: saturated correlates (Graham, 2003), written out and held
# against semTools::sem.auxiliary.

source("../../R/sem_after.R")

# The auxiliary variables covary with each other, with the residuals of indicators and outcomes and with predictors.
with_correlates <- function(model, aux, observed) {
  among <- outer(aux, aux, function(a, b) paste(a, "~~", b))
  paste(c(model, among[lower.tri(among, diag = TRUE)], outer(aux, observed, function(a, b) paste(a, "~~", b)),
          paste(aux, "~ 1")), collapse = "\n")
}

# The independence model leaves the modelled variables uncorrelated and the auxiliary ones as free as before.
independence <- function(aux, observed) with_correlates(c(paste(observed, "~~", observed), paste(observed, "~ 1")), aux, observed)

auxiliary_case <- function(fitter, data, columns, aux, ...) {
  frame <- read_data(data, columns)
  model <- model_text()
  observed <- lavNames(lavaanify(model), "ov")
  close <- settle(fitter, with_correlates(model, aux, observed), data = frame, missing = "ml", fixed.x = FALSE, ...)
  base <- settle("lavaan", independence(aux, observed), data = frame, missing = "ml", fixed.x = FALSE, ...)
  fit <- close$fit
  wanted <- c("chisq", "df", "pvalue", "chisq.scaled", "chisq.scaling.factor")
  some <- function(fit) {
    measures <- fitMeasures(fit)
    as.list(unclass(measures[intersect(wanted, names(measures))]))
  }
  measures <- some(fit)
  baseline <- some(base$fit)
  n <- lavInspect(fit, "ntotal")
  table <- estimate_table(fit)
  table <- table[!(table$lhs %in% aux | table$rhs %in% aux), ]
  theirs <- suppressMessages(suppressWarnings(auxiliary(model, frame, aux = aux, fun = fitter, ...)))
  found <- fitMeasures(theirs)
  stopifnot(abs(found[["chisq"]] - measures$chisq) < 1e-4, found[["df"]] == measures$df,
            abs(found[["baseline.chisq"]] - baseline$chisq) < 1e-3, found[["baseline.df"]] == baseline$df)
  record(c(start_of_record(data, columns), list(
    aux = I(aux), n = n, estimates = compact(table), fit = measures, baseline = baseline,
    cfi = 1 - max(measures$chisq - measures$df, 0) / max(baseline$chisq - baseline$df, measures$chisq - measures$df, 0),
    rmsea = sqrt(max(measures$chisq - measures$df, 0) / (n * measures$df)),
    distance_in_se = max(close$distance, base$distance),
    semtools = as.list(unclass(found[intersect(c("npar", "cfi", "rmsea", "srmr", "logl", "aic"), names(found))]))
  )), c("lavaan", "semTools"))
}
