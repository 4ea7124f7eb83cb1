# Social participation and status of 530 women (Hodge & Treiman, 1968): one factor with three causes, from printed
# correlations.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 530, likelihood = "wishart")
