# Writing what R found: output.json with 17 significant digits, and session.txt.
# Plain R, so that no further package is needed. NA, NaN and infinite numbers become null.

as_json <- function(value, indent = "") {
  inner <- paste0(indent, "  ")
  if (is.null(value)) return("null")
  if (is.data.frame(value)) {
    rows <- lapply(seq_len(nrow(value)), function(i) lapply(as.list(value), function(column) column[[i]]))
    value <- rows
  }
  if (is.matrix(value)) {
    names_of <- function(labels) if (is.null(labels)) NULL else I(as.character(labels))
    rows <- lapply(seq_len(nrow(value)), function(i) I(as.numeric(value[i, ])))
    value <- list(rows = names_of(rownames(value)), columns = names_of(colnames(value)), values = rows)
  }
  if (is.list(value)) {
    if (length(value) == 0) return(if (is.null(names(value))) "[]" else "{}")
    parts <- vapply(value, as_json, "", indent = inner)
    if (is.null(names(value))) {
      return(paste0("[\n", inner, paste(parts, collapse = paste0(",\n", inner)), "\n", indent, "]"))
    }
    keys <- vapply(names(value), quoted, "")
    return(paste0("{\n", inner, paste0(keys, ": ", parts, collapse = paste0(",\n", inner)), "\n", indent, "}"))
  }
  if (!is.null(names(value))) return(as_json(as.list(value), indent))
  parts <- vapply(seq_along(value), function(i) scalar(value[[i]]), "")
  if (length(value) == 1 && !inherits(value, "AsIs")) return(parts)
  paste0("[", paste(parts, collapse = ", "), "]")
}

scalar <- function(x) {
  if (is.na(x) || (is.numeric(x) && is.infinite(x))) return("null")
  if (is.logical(x)) return(if (x) "true" else "false")
  if (is.numeric(x)) return(sprintf("%.17g", x))
  quoted(as.character(x))
}

quoted <- function(text) {
  text <- gsub("\\", "\\\\", text, fixed = TRUE)
  text <- gsub("\"", "\\\"", text, fixed = TRUE)
  text <- gsub("\n", "\\n", text, fixed = TRUE)
  text <- gsub("\t", "\\t", text, fixed = TRUE)
  paste0("\"", text, "\"")
}

# The rows of a CSV file; text stays text, an empty cell is a missing value. `complete` keeps the rows without a missing value.
read_data <- function(path, columns = NULL, complete = FALSE) {
  data <- read.csv(path, stringsAsFactors = FALSE, check.names = FALSE, na.strings = c("NA", ""))
  if (!is.null(columns)) data <- data[, columns, drop = FALSE]
  if (complete) data <- data[complete.cases(data), , drop = FALSE]
  rownames(data) <- NULL
  data
}

# A data frame as CSV with numbers at full precision.
write_data <- function(data, path) {
  shown <- lapply(data, function(column) if (is.numeric(column)) shortest(column) else as.character(column))
  shown <- lapply(shown, function(column) ifelse(column %in% c("NA", "NaN") | is.na(column), "", column))
  lines <- c(paste(names(data), collapse = ","), do.call(paste, c(shown, sep = ",")))
  writeLines(lines, path)
}

# The shortest text that reads back as the same number.
shortest <- function(x) {
  text <- sprintf("%.15g", x)
  known <- !is.na(x)
  long <- known
  long[known] <- as.numeric(text[known]) != x[known]
  text[long] <- sprintf("%.17g", x[long])
  text
}

# `content` into output.json, and the versions of R and of the named packages into session.txt.
record <- function(content, packages) {
  writeLines(as_json(content), "output.json")
  versions <- vapply(sort(packages), function(name) as.character(utils::packageVersion(name)), "")
  writeLines(c(R.version.string, paste(names(versions), versions)), "session.txt")
}

# The value of an expression and the warnings it gave, each as one line of text.
with_warnings <- function(expression) {
  heard <- character()
  value <- withCallingHandlers(expression, warning = function(w) {
    heard <<- c(heard, trimws(gsub("[[:space:]]+", " ", conditionMessage(w))))
    invokeRestart("muffleWarning")
  })
  list(value = value, warnings = I(heard))
}
