# Factors explained by each other, by an imputed age and by gender; an indirect effect; four completed data sets.
# The data of both cases here are made by make_imputed_paths().
source("../../R/pooled_sem.R")
make_imputed_paths("..")
pooled_sem_case("sem", "../imputed.csv", zero = "conscientious ~ age")
