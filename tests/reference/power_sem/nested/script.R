# The difference of nested models.
source("../../R/power.R")
nested_case(data.frame(null_a = c(0, 0, 0.06), null_b = c(0, 0, 0.05), alternative_a = c(0.06, 0.07, 0.08),
                       alternative_b = c(0.05, 0.05, 0.05), df_a = c(22, 54, 100), df_b = c(20, 48, 90),
                       n = c(200, 300, 500), alpha = c(0.05, 0.05, 0.01), groups = c(1, 2, 1)),
            data.frame(null_a = 0, null_b = 0, alternative_a = c(0.06, 0.08), alternative_b = 0.05, df_a = c(22, 54),
                       df_b = c(20, 48), power = c(0.8, 0.9), alpha = 0.05))
