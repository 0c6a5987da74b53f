# SPDX-License-Identifier: BSD-3-Clause
# What mclust says of models that gmmpi fitted, and model files of mclust's own fits, for test_r.py:
#
#   Rscript models_in_r.R SOURCE FOLDER hdf5r|rhdf5 FAMILY...
#
# FOLDER has iris.csv and, for each family NAME, NAME.h5 and NAME.csv (gmmpi predict, with log density, then responsibilities); the same of
# noise, E, V, one_noise (the first column alone), single and map. Prints lines "CASE CHECK NUMBER"; a check that is right prints about 0.

suppressMessages(library(mclust))
arguments <- commandArgs(TRUE)
source(file.path(arguments[1], "scripts", "gmmpi.R"))
setwd(arguments[2])
options(gmmpi.hdf5 = arguments[3])
package <- arguments[3]
iris4 <- read.csv("iris.csv")[, 1:4]
points <- as.matrix(iris4)
families <- arguments[-(1:3)]

say <- function(case, check, number) cat(case, check, format(number, digits = 17), "\n")
difference <- function(a, b) if (length(a) == length(b) && length(a) > 0) max(abs(as.vector(a) - as.vector(b))) else Inf

# A start for mclust's own M-step, which says how a family's parameters are laid out.
z <- unmap(rep(1:3, each = 50))
layout <- function(name, d) {
  mstep(if (d == 1) points[, 1] else points, name, z)$parameters$variance
}

check_model <- function(case, name, data, d = ncol(data), noise = FALSE) {
  object <- gmmpi_read(paste0(case, ".h5"), data)
  predicted <- as.matrix(read.csv(paste0(case, ".csv")))
  x <- if (d == 1) as.vector(data) else data
  say(case, "posterior", difference(predict(object, data)$z, predicted[, -(1:2)]))
  say(case, "posterior_stored", difference(object$z, predicted[, -(1:2)]))
  say(case, "labels", sum(object$classification != ifelse(predicted[, 1] < 0, 0, predicted[, 1] + 1)))
  say(case, "density", difference(dens(x, object$modelName, object$parameters, logarithm = TRUE), predicted[, 2]))
  found <- estep(x, object$modelName, object$parameters)
  say(case, "log_likelihood", abs(found$loglik - as.numeric(logLik(object))))
  say(case, "n_parameters", abs(attr(logLik(object), "df") - nMclustParams(name, d, object$G, noise = noise)))
  say(case, "bic", abs(bic(name, found$loglik, object$n, d, object$G, noise = noise) - object$bic))
  say(case, "icl", abs(icl(object) - object$icl))
  say(case, "name", as.numeric(object$modelName != name))
  expected <- layout(name, d)
  shared <- intersect(names(expected), names(object$parameters$variance))
  say(case, "layout", length(setdiff(names(expected), shared)) +
        sum(mapply(function(a, b) !identical(dim(a), dim(b)), expected[shared], object$parameters$variance[shared])))
  say(case, "drawn", as.numeric(!all(dim(if (noise) matrix(0, 7, d + 1) else sim(name, object$parameters, 7)) == c(7, d + 1))))
  utils::capture.output(print(summary(object, parameters = TRUE)), print(object))
  # Every shape that arrays have in files; hdf5r takes long to close one.
  if (!(case %in% c("EII", "VII", "VVI", "EEE", "EVE", "VVV", "V", "noise"))) return(object)
  gmmpi_write(object, "again.h5")
  again <- gmmpi_read("again.h5", data)
  say(case, "round_trip", difference(unlist(again$parameters[c("pro", "mean", "Vinv")]), unlist(object$parameters[c("pro", "mean", "Vinv")])) +
        difference(unlist(again$parameters$variance[-1]), unlist(object$parameters$variance[-1])))
  say(case, "round_trip_numbers", difference(c(again$loglik, again$bic, again$df, again$n), c(object$loglik, object$bic, object$df, object$n)))
  object
}

for (name in families) invisible(check_model(name, name, points))
invisible(check_model("E", "E", points[, 1, drop = FALSE]))
invisible(check_model("V", "V", points[, 1, drop = FALSE]))
noisy <- check_model("noise", "VVV", points, noise = TRUE)
one_noisy <- check_model("one_noise", "V", points[, 1, drop = FALSE], noise = TRUE)
say("noise", "volume", abs(noisy$hypvol / hypvol(points) - 1))
gmmpi_write(noisy, "noise_again.h5")

# Columns are found by name, whatever else is there.
shuffled <- data.frame(other = "text", iris4[, 4:1])
alone <- gmmpi_read("VVV.h5")
say("names", "columns", difference(gmmpi_read("VVV.h5", shuffled)$z, predict(alone, points)$z))
say("names", "of_means", sum(rownames(alone$parameters$mean) != names(iris4)))
# Other data than those of the fit have a likelihood of their own.
half <- suppressMessages(gmmpi_read("VVV.h5", iris4[1:75, ]))
say("half", "log_likelihood", abs(half$loglik - sum(dens(points[1:75, ], "VVV", half$parameters, logarithm = TRUE))))
say("half", "bic", abs(half$bic - bic("VVV", half$loglik, 75, 4, 3)))
say("prior", "shrinkage", abs(attr(gmmpi_read("map.h5", iris4)$BIC, "prior")$shrinkage - 0.01))
classes <- gmmpi_read("classes.h5", iris4)
say("classes", "names", sum(classes$component_names != c("setosa", "versicolor", "virginica")))

# mclust's own fits, written, with what it says of them: its log density and z, which gmmpi predict has to find.
own <- lapply(setNames(families, families), function(name) me(points, name, z, control = emControl(itmax = c(4, 100))))
own$noise <- me(points, "VEV", cbind(0.9 * z, 0.1), Vinv = 1 / hypvol(points))
own$XXX <- Mclust(points, 1, verbose = FALSE)
own$XII <- Mclust(points, 1, "VII", verbose = FALSE)
own$XXI <- Mclust(points, 1, "VVI", verbose = FALSE)
own$density <- densityMclust(iris4, G = 2, modelNames = "EEV", plot = FALSE, verbose = FALSE)
own$V <- Mclust(iris4[, 1], 2, "V", verbose = FALSE)
own$E <- Mclust(iris4[, 1], 2, "E", verbose = FALSE)
own$X <- Mclust(iris4[, 1], 1, verbose = FALSE)
for (case in names(own)) {
  fit <- own[[case]]
  x <- if (case %in% c("V", "E", "X")) points[, 1] else points
  if (inherits(fit, "Mclust")) names(fit$data) <- NULL
  gmmpi_write(fit, paste0("own_", case, "_", package, ".h5"))
  modelName <- c(X = "V", XXX = "VVV", XII = "VII", XXI = "VVI")
  name <- if (fit$modelName %in% names(modelName)) modelName[[fit$modelName]] else fit$modelName
  parameters <- fit$parameters
  if (fit$modelName == "XXX") parameters$variance$cholsigma <- array(parameters$variance$cholSigma, c(4, 4, 1))
  if (fit$modelName == "XXI") parameters$variance$shape <- matrix(parameters$variance$shape, 4, 1)
  said <- estep(x, name, parameters)
  write.csv(cbind(dens(x, name, parameters, logarithm = TRUE), said$z), paste0("own_", case, ".csv"), row.names = FALSE)
}

# What is refused, and how.
refused <- function(case, call) {
  message <- tryCatch({ call; "" }, error = conditionMessage)
  cat("refused", case, gsub(" ", "_", message), "\n")
}
for (case in c("t", "vb", "standardized", "groups", "nothing")) refused(case, gmmpi_read(paste0(case, ".h5")))
refused("text", gmmpi_read("iris.csv"))
refused("missing", gmmpi_read("VVV.h5", rbind(points, NA)))
refused("columns", gmmpi_read("VVV.h5", points[, 1:3]))
refused("discriminant", gmmpi_write(MclustDA(points, rep(1:2, 75), G = 1, verbose = FALSE), "x.h5"))
refused("no_parameters", gmmpi_write(list(modelName = "VVV"), "x.h5"))

# Every picture that plot() has, of one, two and four features, with noise and without.
pdf(paste0("pictures_", package, ".pdf"))
pair <- gmmpi_read("pair.h5", iris4)
for (object in list(pair, noisy, one_noisy, gmmpi_read("V.h5", points[, 1, drop = FALSE]))) {
  for (what in c("BIC", "classification", "uncertainty")) plot(object, what = what)
  if (object$d == 1) plot(object, what = "density") else plot(object, what = "density", grid = 20)
}
invisible(dev.off())

# Fits by gmmpi from here.
fit <- gmmpi_fit(iris4, 3, covariance = "VEV", reg_covar = 0, tol = 1e-10, init = rep(1:3, each = 50))
best <- me(points, "VEV", z, control = emControl(tol = c(1e-12, 1e-12)))
say("fit", "log_likelihood", abs(fit$loglik - best$loglik))
again <- suppressWarnings(gmmpi_fit(points, 3, covariance = "VEV", reg_covar = 0, init = fit, max_iter = 0))
say("fit", "from_object", abs(again$loglik - fit$loglik))
weighted <- gmmpi_fit(points, 1, weights = rep(c(0, 2), 75))
odd <- points[rep(c(FALSE, TRUE), 75), ]
say("fit", "weights", abs(weighted$parameters$mean[1] - mean(odd[, 1])))
say("fit", "weighted", abs(weighted$loglik - 2 * sum(dens(odd, "VVV", weighted$parameters, logarithm = TRUE))))
labels <- c(rep("b", 25), rep("", 25), rep("a", 25), rep(NA, 75))
say("fit", "classes", sum(gmmpi_fit(points, 3, known_labels = labels)$component_names[1:2] != c("a", "b")))
refused("option", gmmpi_fit(points, 3, covariance = "VXV"))
refused("program", gmmpi_fit(points, 3, program = "no such program"))
refused("words", gmmpi_fit(read.csv("iris.csv"), 3))
