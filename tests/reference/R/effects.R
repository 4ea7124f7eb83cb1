# Direct, indirect and total effects written out as defined parameters, for effects that are found without writing them.

source("../../R/sem_after.R")

effects_case <- function(fitter, data, columns = NULL, complete = FALSE, ...) {
  close <- settle(fitter, model_text(), data = read_data(data, columns, complete), ...)
  table <- as.data.frame(unclass(parameterEstimates(close$fit, standardized = TRUE)))
  table <- table[table$op == ":=", ]
  table <- table[, c("lhs", "est", "se", "z", "pvalue", "ci.lower", "ci.upper", "std.lv", "std.all")]
  record(c(start_of_record(data, columns, complete), short_fit(close), list(effects = compact(table))), "lavaan")
}
