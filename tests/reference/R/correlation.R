# Correlations pair by pair, with tests, intervals by Fisher's z and Holm's adjustment over all pairs.

source("../../R/record.R")

correlation_case <- function(path, columns, method, level = 0.95) {
  data <- read_data(path, columns, complete = TRUE)
  pairs <- combn(columns, 2, simplify = FALSE)
  rows <- lapply(pairs, function(pair) {
    both <- data[, pair]
    n <- nrow(both)
    r <- cor(both[[1]], both[[2]], method = method)
    # the t test; for Spearman's coefficient the same on ranks, exact = FALSE in cor.test
    t <- r * sqrt((n - 2) / (1 - r^2))
    # Fisher's standard error; for ranks that of Bonett and Wright (2000)
    variance <- if (method == "spearman") (1 + r^2 / 2) / (n - 3) else 1 / (n - 3)
    half <- qnorm((1 + level) / 2) * sqrt(variance)
    tested <- suppressWarnings(cor.test(both[[1]], both[[2]], method = method, exact = FALSE))
    data.frame(first = pair[1], second = pair[2], estimate = r, statistic = t, df = n - 2, p_value = tested$p.value,
               ci_low = tanh(atanh(r) - half), ci_high = tanh(atanh(r) + half), n = n)
  })
  table <- do.call(rbind, rows)
  table$p_holm <- p.adjust(table$p_value, "holm")
  table$p_bonferroni <- p.adjust(table$p_value, "bonferroni")
  table$p_bh <- p.adjust(table$p_value, "BH")
  record(list(data = path, columns = I(columns), complete_rows = TRUE, method = method, pairs = table,
              mean = I(unname(colMeans(data))), sd = I(unname(apply(data, 2, sd)))), "stats")
}
