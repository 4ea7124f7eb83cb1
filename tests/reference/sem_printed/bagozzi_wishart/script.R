# The same with the Wishart likelihood, as LISREL has it.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 122, likelihood = "wishart")
