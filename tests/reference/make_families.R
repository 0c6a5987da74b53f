#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Writes families.json and families.csv: me() of mclust for each of its covariance families, from given labels, without
# regularisation.
#
# The iterations go on until the log-likelihood and the M-step's own iterations stand still; what is stored is the
# log-likelihood of an E-step with the returned parameters. Its VVE does not always find the best orientation, and its
# log-likelihood may fall: that number is what any other program should reach at least. families.csv holds 3-d points of
# three overlapping groups with planted shapes. Needs mclust and jsonlite. Run it in this folder.

suppressMessages({library(mclust); library(jsonlite)})

codes <- c("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV")
control <- emControl(eps = 0, tol = c(1e-12, 1e-12), itmax = c(1e5, 1e5))

# Groups of a common orientation, with volumes and shapes of their own.
set.seed(14)
turn <- qr.Q(qr(matrix(rnorm(9), 3, 3)))
group <- function(n, mean, deviations) t(turn %*% (deviations * matrix(rnorm(3 * n), 3, n)) + mean)
planted <- round(rbind(group(150, c(0, 0, 0), c(1, 0.6, 0.3)), group(90, c(1.5, 1, 0), c(0.4, 1.2, 0.5)),
                       group(60, c(0, 2, 1.5), c(0.7, 0.7, 1.6))), 6)
colnames(planted) <- c("a", "b", "c")
write.csv(planted, "families.csv", row.names = FALSE, quote = FALSE)

thirds <- function(values) as.integer(cut(rank(values, ties.method = "first"), 3, labels = FALSE))
read_points <- function(name) read.csv(file.path("..", "..", "data", name), check.names = FALSE)
iris_points <- as.matrix(read_points("iris.csv")[, 1:4])
faithful_points <- as.matrix(read_points("faithful.csv"))
cases <- list(
  list(name = "iris", file = "iris.csv", columns = 1:4, points = iris_points, labels = thirds(iris_points[, 3])),
  list(name = "faithful", file = "faithful.csv", columns = 1:2, points = faithful_points,
       labels = thirds(faithful_points[, 2])),
  list(name = "planted", file = "./families.csv", columns = 1:3, points = planted, labels = thirds(planted[, 2])),
  list(name = "waiting", file = "faithful.csv", columns = 2, points = faithful_points[, 2, drop = FALSE],
       labels = thirds(faithful_points[, 2])))

results <- list()
for (case in cases) {
  for (code in if (ncol(case$points) > 1) codes else c("E", "V")) {
    fit <- me(data = case$points, modelName = code, z = unmap(case$labels), control = control)
    last <- estep(data = case$points, modelName = code, parameters = fit$parameters)
    results[[length(results) + 1]] <- list(
      case = case$name, family = code, log_likelihood = last$loglik,
      n_parameters = nMclustParams(code, ncol(case$points), max(case$labels)),
      bic = bic(code, last$loglik, nrow(case$points), ncol(case$points), max(case$labels)))
    cat(sprintf("%-10s %-4s %.10f %d %.8f\n", case$name, code, last$loglik,
                as.integer(results[[length(results)]]$n_parameters), results[[length(results)]]$bic))
  }
}

as_json <- function(one) toJSON(one, auto_unbox = TRUE, digits = NA)
listed <- lapply(cases, function(case) list(name = case$name, file = case$file, columns = I(case$columns), labels = case$labels))
join <- function(lines) paste0(lines, c(rep(",", length(lines) - 1), ""))
writeLines(c(sprintf('{"program":"mclust %s, %s","cases":[', packageVersion("mclust"), R.version.string),
             join(vapply(listed, as_json, "")), '],"results":[', join(vapply(results, as_json, "")), "]}"),
           "families.json")
