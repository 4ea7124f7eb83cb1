# Six capabilities of 80 made-up units, each harder than the one before; some answers are missing.
source("../../R/scalogram.R")
set.seed(20261126)
ability <- rnorm(80)
made <- vapply(c(-1.2, -0.7, -0.2, 0.3, 0.8, 1.4), function(hard) as.numeric(runif(80) < plogis(2 * (ability - hard))), numeric(80))
made[cbind(c(3, 17, 44, 61), c(2, 5, 1, 6))] <- NA
colnames(made) <- paste0("step", 1:6)
write_data(as.data.frame(made), "input.csv")
scalogram_case("input.csv", colnames(made), 1)
