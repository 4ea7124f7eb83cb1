# Quality, value, satisfaction and loyalty of 250 mobile-phone customers (Tenenhaus, Vinzi, Chatelin & Lauro, 2005),
# from correlations, standard deviations and means with three decimals.
source("../../R/sem_general.R")
moments_case("sem", "moments.csv", n = 250)
