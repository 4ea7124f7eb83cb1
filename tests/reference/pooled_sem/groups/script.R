# Two groups with equal loadings by robust maximum likelihood; a Wald test of two parameters of the first group.
source("../../R/pooled_sem.R")
pooled_sem_case("cfa", "../imputed.csv", zero = c("A2 ~~ A2", "agreeable ~~ conscientious"), robust = "yuan.bentler.mplus",
                group = "female", meanstructure = TRUE, estimator = "MLR", group.equal = "loadings")
