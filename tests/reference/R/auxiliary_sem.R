# Auxiliary variables beside several predictors and in several groups. `more` are covariances that must be written because
# lavaan adds none between predictors that are named in other covariances; means of auxiliary variables stay free where
# intercepts are equal (as semTools::auxiliary has both). semTools' baseline model has no equality constraints.

source("../../R/auxiliary.R")

# Personality items, gender and age of 500 persons; answers to two items and ages removed depending on another item.
make_holes <- function(path) {
  RNGkind("Mersenne-Twister", "Inversion", "Rejection")
  frame <- read_data("../../data/personality.csv", c(paste0("A", 1:5), "C1", "C4", "C5", "gender", "age"))[801:1300, ]
  frame$female <- as.numeric(frame$gender == "female")
  set.seed(20261127)
  chance <- ifelse(is.na(frame$C5), 0.3, 0.1 + 0.08 * frame$C5)
  for (item in c("A2", "A5", "age")) frame[runif(nrow(frame)) < chance, item] <- NA
  write_data(frame, path)
}

auxiliary_sem_case <- function(fitter, data, columns, aux, more = character(), group = NULL, group.equal = NULL, ...) {
  frame <- read_data(data, columns)
  model <- model_text()
  observed <- lavNames(lavaanify(model), "ov")
  asked <- list(data = frame, missing = "ml", fixed.x = FALSE, ...)
  if (!is.null(group)) asked$group <- group
  full <- c(list(fitter, with_correlates(c(model, more), aux, observed)), asked)
  if (!is.null(group.equal)) full <- c(full, list(group.equal = group.equal, group.partial = paste(aux, "~ 1")))
  close <- do.call(settle, full)
  base <- do.call(settle, c(list("lavaan", independence(aux, observed)), asked))
  theirs <- suppressMessages(suppressWarnings(do.call(auxiliary, c(
    list(model, frame, aux = aux, fun = fitter), asked[setdiff(names(asked), c("data", "missing", "fixed.x"))],
    if (!is.null(group.equal)) list(group.equal = group.equal)))))
  found <- fitMeasures(theirs)
  of <- function(fit) {
    measures <- fitMeasures(fit)
    as.list(unclass(measures[intersect(c("npar", "chisq", "df", "chisq.scaled", "chisq.scaling.factor"), names(measures))]))
  }
  measures <- of(close$fit)
  baseline <- of(base$fit)
  stopifnot(abs(found[["chisq"]] - measures$chisq) < 1e-4, found[["df"]] == measures$df, found[["npar"]] == measures$npar,
            abs(found[["baseline.chisq"]] - baseline$chisq) < 1e-3, found[["baseline.df"]] == baseline$df)
  table <- as.data.frame(unclass(parameterEstimates(close$fit, standardized = TRUE, remove.eq = TRUE)))
  table <- table[!(table$lhs %in% aux | table$rhs %in% aux), ]
  table$group <- if (is.null(group)) NA else lavInspect(close$fit, "group.label")[table$group]
  over <- function(x) max(x$chisq - x$df, 0)
  record(c(start_of_record(data, columns), list(
    aux = I(aux), n = lavInspect(close$fit, "ntotal"),
    estimates = compact(table[, c("lhs", "op", "rhs", "group", "est", "se", "std.lv", "std.all")]),
    fit = measures, baseline = baseline, cfi = 1 - over(measures) / max(over(baseline), over(measures)),
    rmsea = sqrt(over(measures) / (lavInspect(close$fit, "ntotal") * measures$df) * lavInspect(close$fit, "ngroups")),
    distance_in_se = max(close$distance, base$distance)
  )), c("lavaan", "semTools"))
}
