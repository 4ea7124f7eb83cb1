# Eight scores of 45 made-up organisations of three kinds, in steps of a half so that many are equal.
source("../../R/partition.R")
set.seed(7)
made <- vapply(1:8, function(block) round(2 * (rep(c(1, 2.5, 4.5), c(20, 15, 10)) + rnorm(45, sd = 0.9))) / 2, numeric(45))
colnames(made) <- paste0("block", 1:8)
write_data(as.data.frame(pmin(pmax(made, 0), 6)), "input.csv")
partition_case("input.csv", colnames(made), 3)
