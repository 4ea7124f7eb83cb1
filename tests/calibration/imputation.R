# mice on the samples that imputation.py wrote: what each completed set says of the mean, the slope and alpha.
# Rscript tests/calibration/imputation.R FOLDER [HOW MANY]
suppressMessages(library(mice))
folder <- commandArgs(TRUE)[1]
many <- as.numeric(commandArgs(TRUE)[2])

# Duhachek and Iacobucci's standard error of alpha, from a covariance matrix.
alpha_of <- function(items) {
  v <- cov(items); k <- ncol(v); n <- nrow(items); total <- sum(v); own <- sum(diag(v))
  alpha <- k / (k - 1) * (1 - own / total)
  q <- 2 * k^2 / ((k - 1)^2 * total^3) *
    (total * (sum(diag(v %*% v)) + own^2) - 2 * own * sum(v %*% v))
  c(alpha, sqrt(q / n))
}

one_set <- function(data) {
  n <- nrow(data)
  y <- rowMeans(data[paste0("a", 1:4)]); x <- rowMeans(data[paste0("b", 1:4)])
  fit <- lm(y ~ x + data$w)
  design <- model.matrix(fit); inverse <- solve(crossprod(design))
  meat <- crossprod(design * (residuals(fit) / (1 - hatvalues(fit))))
  alpha <- alpha_of(data[paste0("a", 1:4)])
  data.frame(mean_estimate = mean(data$a1), mean_error = sd(data$a1) / sqrt(n), mean_df = n - 1,
             slope_estimate = coef(fit)[[2]], slope_error = sqrt((inverse %*% meat %*% inverse)[2, 2]), slope_df = n - 3,
             alpha_estimate = alpha[1], alpha_error = alpha[2], alpha_df = NA)
}

for (file in list.files(folder, "^samples_.*csv$", full.names = TRUE)) {
  target <- sub("samples_", "mice_", file)
  if (file.exists(target)) next
  samples <- read.csv(file)
  if (!is.na(many)) samples <- samples[samples$sample < many, ]
  found <- lapply(split(samples, samples$sample), function(data) {
    number <- data$sample[1]
    data$sample <- NULL
    imputed <- mice(data, m = 20, maxit = 5, method = "pmm", seed = number + 1, printFlag = FALSE)
    cbind(sample = number, do.call(rbind, lapply(1:20, function(k) one_set(complete(imputed, k)))))
  })
  write.csv(do.call(rbind, found), target, row.names = FALSE)
}
