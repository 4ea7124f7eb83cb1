# Burt's (1915) eleven emotional variables: as printed their correlation matrix has a negative eigenvalue.
suppressMessages({library(psych); library(psychTools)})
source("../../R/record.R")
data(burt)
matrix <- as.matrix(burt)
record(list(matrix = matrix, smoothed = suppressWarnings(cor.smooth(matrix)), smallest = min(eigen(matrix)$values)),
       c("psych", "psychTools"))
