# SPDX-License-Identifier: BSD-3-Clause
# Model files of gmmpi as objects of the R package mclust, and back; source() it (docs/r.md):
#
#   gmmpi_read("model.h5", data = x)    an object of class "Mclust" for mclust's predict, plot, summary, dens, sim, estep, ...
#   gmmpi_write(object, "model.h5")     a model file for gmmpi predict, info, sample, fit --init, ... from such an object
#   gmmpi_fit(x, 3, covariance = "VVE") runs gmmpi fit and reads what it has written
#
# Needs the package hdf5r or rhdf5; mclust itself only for its own functions. Both packages turn the dimensions of an array round: what is K x d in
# the file is d x K here, and of a K x d x d array [j, i, k] is row i, column j of component k.

# --- HDF5 by whichever package is there ---

# "hdf5r" or "rhdf5"; the option gmmpi.hdf5 says which where both are installed.
gmmpi_hdf5_package <- function() {
  for (package in getOption("gmmpi.hdf5", c("hdf5r", "rhdf5"))) if (requireNamespace(package, quietly = TRUE)) return(package)
  stop("neither hdf5r nor rhdf5 is installed; on Debian: apt-get install r-cran-hdf5r", call. = FALSE)
}

# Attributes of the root and data sets by these names, those that there are. Dimensions of 1 are kept, a scalar is a number.
gmmpi_hdf5_read <- function(file, facts, numbers) {
  found <- list()
  if (gmmpi_hdf5_package() == "hdf5r") {
    h5 <- hdf5r::H5File$new(file, "r")
    on.exit(h5$close_all())
    for (name in facts) if (h5$attr_exists(name)) found[[name]] <- hdf5r::h5attr(h5, name)
    for (name in numbers) if (h5$exists(name)) {
      set <- h5[[name]]
      found[[name]] <- if (length(set$dims) == 0) as.numeric(set$read()) else array(as.numeric(set$read()), set$dims)
    }
  } else {
    h5 <- rhdf5::H5Fopen(file, "H5F_ACC_RDONLY")
    on.exit(rhdf5::H5Fclose(h5))
    for (name in facts) if (rhdf5::H5Aexists(h5, name)) {
      attribute <- rhdf5::H5Aopen(h5, name)
      found[[name]] <- as.vector(rhdf5::H5Aread(attribute, bit64conversion = "double"))
      rhdf5::H5Aclose(attribute)
    }
    for (name in numbers) if (rhdf5::H5Lexists(h5, name)) {
      values <- rhdf5::h5read(h5, name, drop = FALSE)
      found[[name]] <- if (is.null(dim(values))) as.numeric(values) else array(as.numeric(values), dim(values))
    }
  }
  for (name in facts) if (is.numeric(found[[name]]) || inherits(found[[name]], "integer64")) found[[name]] <- as.numeric(found[[name]])
  found
}

# numbers: a list of arrays, and of numbers that are scalars. facts: a list of texts and numbers, attributes of the root or of a data set; those
# of the names in `integers` are whole numbers, those in `vectors` are none but of one dimension, however long.
gmmpi_hdf5_write <- function(file, numbers, facts, of = NULL, integers = NULL, vectors = "feature_names") {
  is_scalar <- function(name) !(name %in% vectors)
  values_of <- function(name) if (name %in% integers) as.integer(facts[[name]]) else facts[[name]]
  if (gmmpi_hdf5_package() == "hdf5r") {
    types <- hdf5r::h5types
    text <- hdf5r::H5T_STRING$new(size = Inf)$set_cset("UTF-8")
    space_of <- function(extent) if (is.null(extent)) hdf5r::H5S$new("scalar") else hdf5r::H5S$new("simple", dims = extent)
    h5 <- hdf5r::H5File$new(file, "w")
    on.exit(h5$close_all())
    for (name in names(numbers)) {
      h5$create_dataset(name, numbers[[name]], dtype = types$H5T_IEEE_F64LE, space = space_of(dim(numbers[[name]])), chunk_dims = NULL,
                        gzip_level = NULL)
    }
    object <- if (is.null(of)) h5 else h5[[of]]
    for (name in names(facts)) {
      type <- if (is.character(facts[[name]])) text else if (name %in% integers) types$H5T_STD_I64LE else types$H5T_IEEE_F64LE
      object$create_attr(name, values_of(name), dtype = type, space = space_of(if (!is_scalar(name)) length(facts[[name]])))
    }
  } else {
    h5 <- rhdf5::H5Fcreate(file)
    on.exit(rhdf5::H5Fclose(h5))
    for (name in names(numbers)) {
      extent <- dim(numbers[[name]])
      space <- if (is.null(extent)) rhdf5::H5Screate("H5S_SCALAR") else rhdf5::H5Screate_simple(extent)
      set <- rhdf5::H5Dcreate(h5, name, "H5T_IEEE_F64LE", space)
      rhdf5::H5Dwrite(set, numbers[[name]])
      rhdf5::H5Dclose(set)
      rhdf5::H5Sclose(space)
    }
    object <- if (is.null(of)) h5 else rhdf5::H5Dopen(h5, of)
    for (name in names(facts)) {
      is_text <- is.character(facts[[name]])
      rhdf5::h5writeAttribute(values_of(name), object, name, variableLengthString = is_text, asScalar = is_scalar(name),
                              encoding = if (is_text) "UTF-8")
    }
    if (!is.null(of)) rhdf5::H5Dclose(object)
  }
}

# --- families ---

# What model files call otherwise than mclust does.
gmmpi_family_codes <- c(full = "VVV", tied = "EEE", diag = "VVI", spherical = "VII")

# mclust's name of a family in d features: E and V where d is 1.
gmmpi_model_name <- function(covariance, d) {
  code <- if (covariance %in% names(gmmpi_family_codes)) gmmpi_family_codes[[covariance]] else covariance
  if (d == 1) substr(code, 1, 1) else code
}

# The family's name in a file; X.. are mclust's names for one component.
gmmpi_family_of <- function(model_name) {
  codes <- c(X = "VII", XII = "VII", XXI = "VVI", XXX = "VVV", E = "EII", V = "VII")
  code <- if (model_name %in% names(codes)) codes[[model_name]] else model_name
  if (code %in% gmmpi_family_codes) names(gmmpi_family_codes)[gmmpi_family_codes == code] else code
}

# mclust's nMclustParams.
gmmpi_n_parameters <- function(model_name, d, G, noise) {
  each <- d * (d - 1) / 2
  covariances <- switch(model_name, E = , EII = 1, V = , VII = G, EEI = d, VEI = G + d - 1, EVI = 1 + G * (d - 1), VVI = G * d, EEE = d + each,
                        VEE = G + d - 1 + each, EVE = 1 + G * (d - 1) + each, VVE = G * d + each, EEV = d + G * each, VEV = G + d - 1 + G * each,
                        EVV = 1 + G * (d - 1 + each), VVV = G * (d + each))
  G - 1 + G * d + covariances + 2 * noise
}

# d x d x K covariances, whatever shape the file has for the family.
gmmpi_sigma <- function(covariances, covariance, d, K) {
  matrices <- switch(covariance,
                     tied = rep(as.vector(covariances), K),
                     diag = apply(covariances, 2, function(variances) diag(variances, d)),
                     spherical = sapply(covariances, function(variance) diag(variance, d)),
                     covariances)
  array(matrices, c(d, d, K))
}

# Axes that all covariances have in common: those of a sum in which no two of them weigh the same, unless they do so in every covariance.
gmmpi_common_axes <- function(sigma) {
  d <- dim(sigma)[1]
  K <- dim(sigma)[3]
  best <- list(off = Inf)
  for (attempt in 1:8) {
    weights <- (seq_len(K) * attempt * 0.6180339887) %% 1 + 0.1
    mixed <- Reduce(`+`, lapply(seq_len(K), function(k) sigma[, , k] * weights[k] / sum(diag(sigma[, , k]))))
    axes <- eigen(mixed, symmetric = TRUE)$vectors
    off <- max(sapply(seq_len(K), function(k) {
      turned <- crossprod(axes, sigma[, , k] %*% axes)
      max(abs(turned - diag(diag(turned), d)) / sqrt(outer(diag(turned), diag(turned))))
    }))
    if (is.finite(off) && off < best$off) best <- list(off = off, axes = axes)
  }
  if (best$off > 1e-5) stop("the components' covariances have no axes in common; the file is damaged, fit anew", call. = FALSE)
  best$axes
}

# mclust's parameters$variance of a family (its manual page mclustVariance): volumes `scale`, shapes of determinant 1, axes `orientation`.
gmmpi_variance <- function(sigma, model_name, names) {
  d <- dim(sigma)[1]
  G <- dim(sigma)[3]
  variance <- list(modelName = model_name, d = d, G = G)
  if (d == 1) {
    variance$sigmasq <- variance$scale <- if (model_name == "E") sigma[1] else as.vector(sigma)
    return(variance)
  }
  letters <- strsplit(model_name, "")[[1]]
  dimnames(sigma) <- list(names, names, NULL)
  variance$sigma <- sigma
  if (model_name == "EEE") {
    variance$Sigma <- sigma[, , 1]
    variance$cholSigma <- chol(sigma[, , 1])
  } else if (model_name == "VVV") {
    variance$cholsigma <- array(apply(sigma, 3, chol), dim(sigma), dimnames(sigma))
  } else {
    axes <- if (letters[3] == "E") if (letters[2] == "V") gmmpi_common_axes(sigma) else eigen(sigma[, , 1], symmetric = TRUE)$vectors
    along <- function(k) {
      if (letters[3] == "I") diag(sigma[, , k]) else if (letters[3] == "E") diag(crossprod(axes, sigma[, , k] %*% axes)) else
        eigen(sigma[, , k], symmetric = TRUE)$values
    }
    values <- matrix(sapply(seq_len(G), along), d, G)
    volumes <- exp(colMeans(log(values)))
    shapes <- sweep(values, 2, volumes, "/")
    if (model_name %in% c("EII", "EEI")) variance$Sigma <- sigma[, , 1]
    if (letters[2] == "I") variance$sigmasq <- if (letters[1] == "E") volumes[1] else volumes
    if (model_name == "VVI") variance$sigmasq <- volumes
    variance$scale <- if (letters[1] == "E") volumes[1] else volumes
    if (letters[2] != "I") variance$shape <- if (letters[2] == "E") shapes[, 1] else shapes
    if (letters[3] == "E") variance$orientation <- matrix(axes, d, d, dimnames = list(names, names))
    if (letters[3] == "V")
      variance$orientation <- array(apply(sigma, 3, function(one) eigen(matrix(one, d, d), symmetric = TRUE)$vectors), dim(sigma), dimnames(sigma))
  }
  variance
}

# Covariances of an object of mclust's: d x d x G.
gmmpi_sigma_of <- function(parameters, d, G) {
  variance <- parameters$variance
  if (d == 1) return(array(rep(variance$sigmasq, length.out = G), c(1, 1, G)))
  if (is.null(variance$sigma)) stop("parameters$variance has no sigma; give what Mclust, me, em or mstep returned", call. = FALSE)
  array(variance$sigma, c(d, d, G))
}

gmmpi_chol <- function(one, d) {
  tryCatch(chol(matrix(one, d, d)), error = function(e) {
    stop("a component's covariance is not positive definite; fit anew, with a prior or fewer components", call. = FALSE)
  })
}

# --- densities ---

# log of weight times density: a row for each point, a column for each component and, of models with noise, a last one for it.
gmmpi_log_terms <- function(data, pro, mean, sigma, Vinv = NULL) {
  G <- dim(sigma)[3]
  terms <- sapply(seq_len(G), function(k) {
    factor <- gmmpi_chol(sigma[, , k], nrow(mean))
    whitened <- backsolve(factor, t(data) - mean[, k], transpose = TRUE)
    log(pro[k]) - nrow(mean) / 2 * log(2 * pi) - sum(log(diag(factor))) - colSums(whitened^2) / 2
  })
  cbind(matrix(terms, nrow(data), G), if (!is.null(Vinv)) rep(log(pro[G + 1]) + log(Vinv), nrow(data)))
}

# z, the labels and the log-likelihood of points.
gmmpi_estep <- function(data, ...) {
  terms <- gmmpi_log_terms(data, ...)
  top <- apply(terms, 1, max)
  densities <- log(rowSums(exp(terms - top))) + top
  list(z = exp(terms - densities), loglik = sum(densities))
}

# --- reading ---

gmmpi_refuse <- function(file, what) stop(file, ": ", what, call. = FALSE)

# What a model file holds, as far as it has a meaning in mclust; anything else is refused.
gmmpi_file_content <- function(file) {
  if (!file.exists(file)) gmmpi_refuse(file, "is not there; give a file that gmmpi fit wrote")
  start <- readBin(file, "raw", 4)
  if (!identical(start, as.raw(c(0x89, 0x48, 0x44, 0x46)))) gmmpi_refuse(file, "is no model file (HDF5); give a file that gmmpi fit wrote")
  content <- gmmpi_hdf5_read(file, c("format", "format_version", "covariance", "feature_names", "component_names", "transforms", "n_samples",
                                     "sum_of_weights", "log_likelihood", "n_parameters", "bic", "icl", "method", "prior_mean", "prior_shrinkage",
                                     "prior_dof", "prior_scale"),
                             c("weights", "means", "covariances", "noise_weight", "noise_volume", "dof", "mean_precision", "merge_entropy"))
  format <- if (is.null(content$format)) "" else content$format
  if (format != "gmmpi model") {
    gmmpi_refuse(file, switch(format, "gmmpi checkpoint" = "is a checkpoint; finish its fit with gmmpi fit --restart",
                              "gmmpi groups" = "holds a model for each group (fit --by); fit the rows of one group alone, or use gmmpi predict --by",
                              "is no model; give a file that gmmpi fit wrote"))
  }
  if (content$format_version != 1) gmmpi_refuse(file, "has a version of the format that is not known here; take gmmpi.R from the gmmpi that wrote it")
  if (!is.null(content$dof))
    gmmpi_refuse(file, "is a mixture of t distributions, which mclust does not have; use gmmpi predict, or fit without --distribution t")
  if (!is.null(content$mean_precision))
    gmmpi_refuse(file, "is a posterior (--method vb, dp), which mclust does not have; use gmmpi predict, or go on from it by gmmpi fit --init")
  if (!is.null(content$transforms) && any(content$transforms != "none"))
    gmmpi_refuse(file, "is of transformed features, which mclust does not have; use gmmpi predict, or transform the data and fit without --transform")
  content
}

# The columns of data that are the model's features, as a matrix: by name where both have names, else as they come.
gmmpi_columns <- function(data, features, d) {
  if (is.null(dim(data))) data <- matrix(data, ncol = 1, dimnames = if (d == 1 && !is.null(features)) list(NULL, features))
  named <- !is.null(features) && !is.null(colnames(data)) && all(features %in% colnames(data))
  if (!named && ncol(data) != d)
    stop("the data have ", ncol(data), " columns, not all of the model's ", d, " features (", paste(features, collapse = ", "), ")", call. = FALSE)
  if (named) data <- data[, features, drop = FALSE]
  if (!(if (is.data.frame(data)) all(vapply(data, is.numeric, NA)) else is.numeric(data)))
    stop("the data have columns that are not numbers; leave them out", call. = FALSE)
  data <- data.matrix(data)
  storage.mode(data) <- "double"
  if (anyNA(data)) stop("the data have missing values; leave these rows out: data[complete.cases(data), ]", call. = FALSE)
  data
}

# mclust's prior, where gmmpi's is the same; NULL without one, and where mclust has no word for it.
gmmpi_prior <- function(content, model_name) {
  per_column <- model_name %in% c("EEI", "VEI", "EVI", "VVI")
  same_scale <- identical(content$prior_scale, "mclust") || (identical(content$prior_scale, "auto") && !per_column)
  if (identical(content$method, "map") && identical(content$prior_mean, "data") && identical(content$prior_dof, "auto") && same_scale)
    list(functionName = "defaultPrior", shrinkage = content$prior_shrinkage)
}

# What plot(object, "BIC") and summary(object) look at.
gmmpi_bic_table <- function(object, prior) {
  cell <- function(value) matrix(value, 1, 1, dimnames = list(object$G, object$modelName))
  structure(cell(if (is.null(object$bic)) NA_real_ else object$bic), class = "mclustBIC", G = object$G, modelNames = object$modelName, prior = prior,
            Vinv = object$parameters$Vinv, control = list(eps = .Machine$double.eps, tol = c(1e-5, sqrt(.Machine$double.eps)),
                                                          itmax = rep(.Machine$integer.max, 2), equalPro = FALSE),
            initialization = list(hcPairs = NULL, subset = NULL, noise = NULL), warn = FALSE, n = object$n, d = object$d, oneD = object$d == 1,
            criterion = "BIC", returnCodes = cell(0))
}

# A model file as an object of mclust's class "Mclust". Without data there are no z and no classification, and loglik, bic and icl are the file's;
# with the data of the fit they are the file's, too, with other data they are of these.
gmmpi_read <- function(file, data = NULL) {
  content <- gmmpi_file_content(file)
  d <- nrow(content$means)
  G <- ncol(content$means)
  features <- content$feature_names
  if (!is.null(features)) features <- as.character(features)
  noise <- !is.null(content$noise_weight)
  model_name <- gmmpi_model_name(content$covariance, d)
  sigma <- gmmpi_sigma(content$covariances, content$covariance, d, G)
  parameters <- list(pro = c(as.vector(content$weights), if (noise) content$noise_weight))
  parameters$mean <- if (d == 1) setNames(as.vector(content$means), seq_len(G)) else matrix(content$means, d, G, dimnames = list(features, NULL))
  parameters$variance <- gmmpi_variance(sigma, model_name, features)
  if (noise) parameters$Vinv <- 1 / content$noise_volume

  call <- match.call()
  if (length(deparse(call$data)) != 1) call$data <- as.name("data")
  minus <- function(value) if (is.null(value)) NULL else -value
  object <- list(call = call, data = matrix(numeric(0), 0, d, dimnames = list(NULL, features)), modelName = model_name, n = content$n_samples, d = d,
                 G = G, BIC = NULL, loglik = content$log_likelihood, df = content$n_parameters, bic = minus(content$bic), icl = minus(content$icl),
                 hypvol = if (noise) content$noise_volume else NA_real_, parameters = parameters, z = NULL, classification = NULL, uncertainty = NULL)
  if (is.null(object$df)) object$df <- gmmpi_n_parameters(model_name, d, sum(content$weights > 0), noise)
  if (!is.null(data)) object <- gmmpi_with_data(object, gmmpi_columns(data, features, d), sigma, file, content)
  object$BIC <- gmmpi_bic_table(object, gmmpi_prior(content, model_name))
  object$component_names <- content$component_names
  if (!is.null(content$merge_entropy))
    message(file, ": components are read as they are; the clusters of fit --merge are gmmpi predict --clusters, or mclust's clustCombi")
  structure(object, class = "Mclust")
}

gmmpi_with_data <- function(object, data, sigma, file, content) {
  pro <- object$parameters$pro
  found <- gmmpi_estep(data, pro, matrix(object$parameters$mean, object$d), sigma, object$parameters$Vinv)
  noise <- !is.na(object$hypvol)
  object$data <- data
  object$z <- found$z
  object$classification <- c(seq_len(object$G), if (noise) 0)[max.col(found$z, "first")]
  object$uncertainty <- 1 - apply(found$z, 1, max)
  # Weights and known labels have a part in the likelihood of the fit that the data alone do not tell.
  is_of_fit <- !is.null(object$n) && !is.null(object$loglik) &&
    (!is.null(content$sum_of_weights) || (nrow(data) == object$n &&
       (!is.null(content$component_names) || abs(found$loglik - object$loglik) <= 1e-6 * (nrow(data) + abs(object$loglik)))))
  if (!is_of_fit) {
    if (!is.null(object$loglik)) message(file, ": loglik, bic, icl and n are those of the data given, which are not those of the fit")
    object$loglik <- found$loglik
    object$bic <- 2 * found$loglik - object$df * log(nrow(data))
    object$icl <- object$bic + 2 * sum(log(apply(found$z, 1, max)))
  }
  object$n <- nrow(data)
  object
}

# --- writing ---

# The box of the noise: the smaller one of two about all points, as of mclust's hypvol; NULL where neither has the volume.
gmmpi_noise_box <- function(data, volume) {
  if (is.null(data) || nrow(data) == 0) return(NULL)
  for (axes in list(diag(ncol(data)), if (ncol(data) > 1) prcomp(data)$rotation)) {
    if (is.null(axes)) next
    turned <- data %*% axes
    low <- apply(turned, 2, min)
    edges <- apply(turned, 2, max) - low
    if (abs(prod(edges) / volume - 1) < 1e-9) return(list(origin = as.vector(axes %*% low), axes = unname(axes %*% diag(edges, ncol(data)))))
  }
  NULL
}

# A model file for gmmpi from what Mclust, densityMclust, me, em or mstep returned. Where the object has its data, the log-likelihood and the
# criteria in the file are those of the parameters that are written.
gmmpi_write <- function(object, file) {
  if (inherits(object, "MclustDA")) stop("an MclustDA has a mixture for each class; write them one by one: object$models[[class]]", call. = FALSE)
  parameters <- object$parameters
  if (is.null(parameters$mean) || is.null(parameters$variance) || anyNA(unlist(parameters[c("pro", "mean")])))
    stop("the object has no mixture (parameters$mean, $variance, $pro); give what Mclust, me, em or mstep returned", call. = FALSE)
  model_name <- if (is.null(object$modelName)) parameters$variance$modelName else object$modelName
  d <- if (is.null(dim(parameters$mean))) 1L else nrow(parameters$mean)
  G <- length(parameters$mean) / d
  mean <- matrix(parameters$mean, d, G)
  pro <- if (is.null(parameters$pro)) 1 else as.vector(parameters$pro) / sum(parameters$pro)
  noise <- length(pro) == G + 1
  if (length(pro) != G && !noise) stop("there are ", length(pro), " proportions for ", G, " components", call. = FALSE)
  if (noise && is.null(parameters$Vinv)) stop("the object has a proportion of noise and no volume (parameters$Vinv)", call. = FALSE)
  family <- gmmpi_family_of(model_name)
  sigma <- gmmpi_sigma_of(parameters, d, G)
  # P with P P' = the inverse of the covariance, upper triangular; as the file has rows and columns the other way round, P' is what is written.
  factors <- array(apply(sigma, 3, function(one) t(backsolve(gmmpi_chol(one, d), diag(d)))), c(d, d, G))
  in_shape <- function(matrices) {
    diagonals <- function() matrix(apply(matrices, 3, function(one) diag(as.matrix(one))), d, G)
    switch(family, tied = matrix(matrices[, , 1], d, d), diag = diagonals(), spherical = array(diagonals()[1, ]), matrices)
  }
  numbers <- list(weights = array(pro[seq_len(G)]), means = mean, covariances = in_shape(sigma), precisions_cholesky = in_shape(factors))
  data <- if (is.null(object$data) || length(object$data) == 0) NULL else matrix(object$data, ncol = d)
  if (noise) {
    numbers$noise_weight <- pro[G + 1]
    numbers$noise_volume <- 1 / parameters$Vinv
    box <- gmmpi_noise_box(data, numbers$noise_volume)
    if (!is.null(box)) numbers <- c(numbers, list(noise_origin = array(box$origin), noise_axes = box$axes))
  }
  facts <- list(format = "gmmpi model", format_version = 1, covariance = family, n_components = G, n_features = d)
  facts$feature_names <- if (d > 1) rownames(parameters$mean) else colnames(object$data)
  loglik <- object$loglik
  if (!is.null(data)) {
    found <- gmmpi_estep(data, pro, mean, sigma, if (noise) parameters$Vinv)
    loglik <- found$loglik
  }
  n <- if (is.null(data)) object$n else nrow(data)
  if (!is.null(loglik) && !is.null(n) && is.finite(loglik)) {
    df <- if (is.null(object$df)) gmmpi_n_parameters(gmmpi_model_name(family, d), d, G, noise) else object$df
    facts <- c(facts, list(n_samples = n, n_parameters = df, n_parameters_nominal = df, n_components_alive = sum(pro[seq_len(G)] > 0),
                           log_likelihood = loglik, mean_log_likelihood = loglik / n, bic = -2 * loglik + df * log(n), aic = -2 * loglik + 2 * df))
    if (!is.null(data)) facts$icl <- facts$bic - 2 * sum(log(apply(found$z, 1, max)))
  }
  if (grepl("^/dev/(?!shm/)", normalizePath(file, mustWork = FALSE), perl = TRUE))  # it would be replaced by a file
    gmmpi_refuse(file, "is a device; give the name of a file")
  draft <- paste0(file, ".", Sys.getpid(), ".partial")
  on.exit(unlink(draft))
  gmmpi_hdf5_write(draft, numbers, facts, integers = c("format_version", "n_components", "n_features", "n_samples", "n_parameters",
                                                       "n_parameters_nominal", "n_components_alive"))
  on.exit()
  if (!file.rename(draft, file)) stop(file, ": cannot be written", call. = FALSE)
  invisible(file)
}

# --- fitting ---

# An option of the command line from a value of R's: TRUE is an option alone, FALSE and NULL none. A value for each row goes through a file, and so
# does an object of mclust's to start from.
gmmpi_option <- function(name, value, n, folder) {
  if (is.null(value) || identical(value, FALSE)) return(NULL)
  option <- paste0("--", gsub("_", "-", name, fixed = TRUE))
  if (isTRUE(value)) return(option)
  path <- file.path(folder, name)
  if (inherits(value, "Mclust")) {
    value <- gmmpi_write(value, paste0(path, ".h5"))
  } else if (name %in% c("init", "weights", "known_labels") && length(value) == n) {
    # A column of its own with a heading; an absent label is an empty cell.
    write.table(data.frame(value), path <- paste0(path, ".csv"), sep = ",", row.names = FALSE, col.names = name != "init", na = "\"\"")
    value <- path
  }
  text_of <- function(one) if (!is.numeric(one)) one else if (one == round(one) && abs(one) < 1e15) sprintf("%.0f", one) else format(one, digits = 15)
  c(option, paste(sapply(value, text_of), collapse = ","))
}

# gmmpi fit of a matrix or data frame of numbers with G components; more arguments are its options, with _ for -. `program` may have several
# words: c("mpirun", "-n", "4", "gmmpi"). What gmmpi warns of are warnings, what it ends with is an error.
gmmpi_fit <- function(data, G, ..., program = getOption("gmmpi.program", "gmmpi")) {
  call <- match.call()
  if (Sys.which(program[1]) == "") stop(program[1], " is not in the path; say where it is: program = ", call. = FALSE)
  points <- gmmpi_columns(data, colnames(data), NCOL(data))
  folder <- tempfile("gmmpi")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  table <- file.path(folder, "points.h5")
  model <- file.path(folder, "model.h5")
  gmmpi_hdf5_write(table, list(points = t(unname(points))), list(feature_names = colnames(points))[!is.null(colnames(points))], of = "points")
  options <- list(...)
  words <- unlist(lapply(names(options), function(name) gmmpi_option(name, options[[name]], nrow(points), folder)))
  arguments <- c(program[-1], "fit", table, "-k", G, words, "-o", model, "-q")
  said <- suppressWarnings(system2(program[1], shQuote(arguments), stdout = TRUE, stderr = TRUE))
  if (!is.null(attr(said, "status"))) {
    errors <- sub("^gmmpi: ", "", grep("^gmmpi: ", said, value = TRUE))
    stop(if (length(errors) > 0) errors[1] else paste(c(program[1], "ended with status", attr(said, "status"), said), collapse = " "), call. = FALSE)
  }
  for (line in grep("^gmmpi warning: ", said, value = TRUE)) warning(sub("^gmmpi warning: ", "", line), call. = FALSE)
  object <- gmmpi_read(model, points)
  object$call <- call
  if (length(deparse(call$data)) != 1) object$call$data <- as.name("data")
  object
}
