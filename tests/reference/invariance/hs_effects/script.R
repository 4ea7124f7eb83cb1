# Effect sizes: d_MACS with the first item of each factor as referent, and latent mean differences.
source("../../R/invariance.R")
effects_case_of_groups("../../data/holzinger.csv", "school")
