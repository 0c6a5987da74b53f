#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Writes selection.json, BIC and ICL of mclust for all of its covariance families and 1 to 9 components of three data
# sets, and diabetes.csv, the one of these that is not in data/.
#
# Both are in mclust's sign, higher is better; null where it has no model. mclust starts EM once, from hierarchical
# clustering, and stops early, so that other programs should be as good or better in each cell. Needs mclust and
# jsonlite. Run it in this folder.

suppressMessages({library(mclust); library(jsonlite)})

data(diabetes)
write.csv(diabetes[, -1], "diabetes.csv", row.names = FALSE, quote = FALSE)
read_points <- function(name) read.csv(file.path("..", "..", "data", name), check.names = FALSE)
cases <- list(faithful = list(file = "faithful.csv", columns = 1:2, points = read_points("faithful.csv")),
              iris = list(file = "iris.csv", columns = 1:4, points = read_points("iris.csv")[, 1:4]),
              diabetes = list(file = "./diabetes.csv", columns = 1:3, points = diabetes[, -1]))

table_of <- function(criteria) {
  columns <- lapply(colnames(criteria), function(family) unname(criteria[, family]))
  setNames(columns, colnames(criteria))
}
results <- lapply(cases, function(case) {
  list(file = case$file, columns = I(case$columns), bic = table_of(mclustBIC(case$points, G = 1:9, verbose = FALSE)),
       icl = table_of(mclustICL(case$points, G = 1:9, verbose = FALSE)))
})
writeLines(toJSON(list(program = sprintf("mclust %s, %s", packageVersion("mclust"), R.version.string),
                       cases = results), auto_unbox = TRUE, digits = 10, na = "null", pretty = TRUE),
           "selection.json")
