# Early and late thirds by the order of the file: Welch's test by stats, d and its interval by turning pt() around.
source("../../R/record.R")
data <- read_data("../../data/soldiers.csv")
size <- nrow(data) %/% 3
names <- c("JOBSAT1", "COMMIT1", "READY1", "AGE")
one <- function(name) {
  early <- data[[name]][seq_len(size)]
  late <- data[[name]][(nrow(data) - size + 1):nrow(data)]
  early <- early[!is.na(early)]
  late <- late[!is.na(late)]
  test <- t.test(late, early)
  n1 <- length(early)
  n2 <- length(late)
  pooled <- sqrt(((n1 - 1) * var(early) + (n2 - 1) * var(late)) / (n1 + n2 - 2))
  d <- (mean(late) - mean(early)) / pooled
  scale <- sqrt(1 / n1 + 1 / n2)
  turned <- function(share) {
    uniroot(function(ncp) pt(d / scale, n1 + n2 - 2, ncp) - share, d / scale + c(-8, 8), tol = 1e-13)$root * scale
  }
  data.frame(term = name, n_early = n1, n_late = n2, estimate = d, ci_low = turned(0.975), ci_high = turned(0.025),
             statistic = unname(test$statistic), df = unname(test$parameter), p_value = test$p.value,
             difference = mean(late) - mean(early), difference_low = test$conf.int[1], difference_high = test$conf.int[2])
}
found <- do.call(rbind, lapply(names, one))
found$p_adjusted <- p.adjust(found$p_value, "holm")
wilson <- function(x, n) as.numeric(prop.test(x, n, correct = FALSE)$conf.int)
record(list(data = "../../data/soldiers.csv", size = size, estimates = found,
            rates = I(c(wilson(380, 500), wilson(430, 500), wilson(410, 430), wilson(380, 410), wilson(1, 12)))), "stats")
