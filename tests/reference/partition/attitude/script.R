# Five percentages of 30 departments in four clusters.
source("../../R/partition.R")
partition_case("../../data/attitude.csv", c("complaints", "privileges", "learning", "raises", "advance"), 4)
