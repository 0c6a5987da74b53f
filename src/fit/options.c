/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/options.h"

#include "fit/combinations.h"
#include "fit/method_options.h"
#include "support/error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const methods_of_start[] = {[INIT_KMEANS] = "kmeans",
                                               [INIT_KMEANS_PLUS_PLUS] = "k-means++",
                                               [INIT_RANDOM_FROM_DATA] = "random_from_data",
                                               [INIT_RANDOM] = "random",
                                               [INIT_MODEL] = "parameters",
                                               [INIT_LABELS] = "labels",
                                               NULL};
static const char *const start_covariances[] = {[START_SAMPLE] = "sample", [START_IDENTITY] = "identity", NULL};
static const char *const collapse_policies[] = {
    [COLLAPSE_RESEED] = "reseed", [COLLAPSE_DROP] = "drop", [COLLAPSE_ERROR] = "error", NULL};
static const char *const accelerations[] = {"auto", "none", "anderson", "squarem", NULL};
static const char *const coarse_choices[] = {[COARSE_AUTO] = "auto", [COARSE_ON] = "yes", [COARSE_OFF] = "no", NULL};
static const char *const precisions[] = {[PRECISION_DOUBLE] = "double", [PRECISION_SINGLE] = "single", NULL};
static const char *const arithmetics[] = {[ARITHMETIC_DOUBLE] = "double", [ARITHMETIC_MIXED] = "mixed", NULL};
static const char *const methods[] = {
    [METHOD_ML] = "ml", [METHOD_MAP] = "map", [METHOD_VB] = "vb", [METHOD_DP] = "dp", [METHOD_ADAPT] = "adapt", NULL};
static const char *const distributions[] = {[DISTRIBUTION_GAUSSIAN] = "gaussian", [DISTRIBUTION_T] = "t", NULL};
static const char *const spurious_choices[] = {
    [SPURIOUS_AVOID] = "avoid", [SPURIOUS_KEEP] = "keep", [SPURIOUS_STRICT] = "strict", NULL};

static_assert(sizeof(start_method) == sizeof(int), "an enumeration is as large as an int");

static const char *const estimated_dof[] = {"each", "common", NULL};

static gmmpi_status parse_dof(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  double *dof = value;
  double number;
  if (strcmp(text, "each") == 0) {
    *dof = DOF_EACH;
  } else if (strcmp(text, "common") == 0) {
    *dof = DOF_COMMON;
  } else if (parse_real(text, &number) && number > 0.0 && number <= 1e100) {
    *dof = number;
  } else {
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is neither each nor common nor a number above 0; give one",
                option->name, text);
  }
  return GMMPI_OK;
}

static void print_dof(const option_record *option, const void *value, char *text, size_t size)
{
  const double dof = *(const double *)value;
  (void)option;
  if (dof > 0.0)
    snprintf(text, size, "%.17g", dof);
  else
    snprintf(text, size, "%s", dof == DOF_COMMON ? "common" : "each");
}

/* A family has one name, whichever was given, so that fits that are the same are known to be. Which names there are for
 * one feature alone is found out with the data (fit_check_options). */
static gmmpi_status parse_covariance(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  static const char *const of_one_feature[] = {"E", "V"};
  const char **name = value;
  const covariance_family *family = family_find(text);
  if (family == NULL) return refuse_choice(option->name, family_names, text, error);
  *name = family_is_of_one_feature(text) ? of_one_feature[text[0] == 'V'] : family->name;
  return GMMPI_OK;
}

static void print_covariance(const option_record *option, const void *value, char *text, size_t size)
{
  const char *name = *(const char *const *)value;
  (void)option;
  snprintf(text, size, "%s", name != NULL ? name : "");
}

const option_record fit_option_table[] = {
    {.name = "components",
     .letter = 'k',
     .argument = "K",
     .group = "Model",
     .brief = "number of components (required)",
     .help = "number of components (required, but with --method adapt the model has them)",
     .kind = OPTION_INTEGER,
     .offset = offsetof(fit_options, n_components),
     .smallest = 1,
     .largest = INT32_MAX,
     .affects_numbers = true},
    {.name = "covariance",
     .argument = "NAME",
     .group = "Model",
     .brief = "full, tied, diag, spherical, or mclust's code",
     .help = FAMILY_HELP(""),
     .kind = OPTION_PARSED,
     .offset = offsetof(fit_options, covariance),
     .parse = parse_covariance,
     .print = print_covariance,
     .choices = family_names,
     .fallback = "full",
     .affects_numbers = true},
    {.name = "tol",
     .argument = "T",
     .group = "Iterations",
     .help = "stop when the mean log-likelihood per point changes by less; 0 runs --max-iter iterations",
     .kind = OPTION_REAL,
     .offset = offsetof(fit_options, tolerance),
     .least = 0.0,
     .most = 1e100,
     .fallback = "1e-6",
     .in_model = true},
    {.name = "max-iter",
     .argument = "N",
     .group = "Iterations",
     .help = "iterations at most",
     .kind = OPTION_INTEGER,
     .offset = offsetof(fit_options, max_iterations),
     .smallest = 0,
     .largest = INT64_MAX / 4,
     .fallback = "1000",
     .in_model = true},
    {.name = "reg-covar",
     .argument = "R",
     .group = "Model",
     .help = "added to the diagonal of every covariance by the M-step",
     .kind = OPTION_REAL,
     .offset = offsetof(fit_options, reg_covar),
     .least = 0.0,
     .most = 1e300,
     .fallback = "1e-6",
     .affects_numbers = true,
     .in_model = true},
    {.name = "n-init",
     .argument = "N",
     .group = "Start",
     .brief = "starts, of which the best is kept",
     .help = "starts; the best final log-likelihood wins",
     .kind = OPTION_INTEGER,
     .offset = offsetof(fit_options, n_init),
     .smallest = 1,
     .largest = INT32_MAX,
     .fallback = "1",
     .affects_numbers = true,
     .in_model = true},
    {.name = "init",
     .argument = "METHOD",
     .group = "Start",
     .help =
         "kmeans, k-means++, random_from_data, random, or a file to start from: a model, JSON parameters as printed "
         "by gmmpi info --json, whose features are found by name where they and the data's have names, or labels, "
         "one integer per row",
     .kind = OPTION_CHOICE,
     .offset = offsetof(fit_options, init),
     .choices = methods_of_start,
     .n_words = INIT_MODEL,
     .text_offset = offsetof(fit_options, init_file),
     .fallback = "kmeans",
     .affects_numbers = true,
     .in_model = true},
    {.name = "seed",
     .argument = "S",
     .group = "Start",
     .brief = "all randomness",
     .help = "all randomness follows from it",
     .kind = OPTION_SEED,
     .offset = offsetof(fit_options, seed),
     .fallback = "0",
     .affects_numbers = true,
     .in_model = true},
    {.name = "on-collapse",
     .argument = "NAME",
     .group = "Model",
     .help = "a component that became empty or lost definiteness: reseed: put it where the data fit worst, three times "
             "at most, then drop it; drop: weight 0; error",
     .kind = OPTION_CHOICE,
     .offset = offsetof(fit_options, on_collapse),
     .choices = collapse_policies,
     .fallback = "reseed",
     .needs = "method",
     .word = "ml|map|adapt",
     .affects_numbers = true,
     .in_model = true},
    {.name = "accelerate",
     .argument = "NAME",
     .group = "Iterations",
     .help = "none: textbook EM; anderson, squarem: extrapolate the sufficient statistics, never below the last "
             "textbook step; auto: anderson unless its memory would be out of proportion",
     .kind = OPTION_WORD,
     .offset = offsetof(fit_options, accelerate),
     .choices = accelerations,
     .fallback = "auto",
     .affects_numbers = true,
     .in_model = true},
    {.name = "coarse-to-fine",
     .no_name = "no-coarse-to-fine",
     .group = "Iterations",
     .help = "start on nested subsamples of the points, however few there are (default: where there are many)",
     .no_help = "every pass sees all points, and kmeans is one start instead of a search among many",
     .kind = OPTION_SWITCH,
     .offset = offsetof(fit_options, coarse_to_fine),
     .choices = coarse_choices,
     .fallback = "auto",
     .affects_numbers = true,
     .in_model = true},
    {.name = "init-covariance",
     .argument = "NAME",
     .group = "Start",
     .help = "with random_from_data: the covariance of all points (sample) or the identity",
     .kind = OPTION_CHOICE,
     .offset = offsetof(fit_options, init_covariance),
     .choices = start_covariances,
     .fallback = "sample",
     .needs = "init",
     .word = "random_from_data",
     .affects_numbers = true,
     .in_model = true},
    {.name = "precision",
     .argument = "NAME",
     .group = "Machine",
     .help = "how points are held in memory. single halves it: each number is rounded to 24 bits (7 digits) once, when "
             "it is read, and model and output are those of the rounded numbers; arithmetic stays double. Numbers far "
             "from 0 compared with their spread lose digits: there is a warning",
     .kind = OPTION_CHOICE,
     .offset = offsetof(fit_options, precision),
     .choices = precisions,
     .fallback = "double",
     .affects_numbers = true,
     .in_model = true,
     .if_changed = true},
    {.name = "arithmetic",
     .argument = "NAME",
     .group = "Iterations",
     .help = "mixed: iterations are computed in single precision, with sums in double, while the fit is far from its "
             "optimum, and the last ones in double, which decide when it has converged; where single precision is not "
             "enough it goes on in double, and says so",
     .kind = OPTION_CHOICE,
     .offset = offsetof(fit_options, arithmetic),
     .choices = arithmetics,
     .fallback = "double",
     .affects_numbers = true,
     .in_model = true,
     .if_changed = true},
    {.name = "spurious",
     .argument = "NAME",
     .group = "Start",
     .help = "a model whose likelihood rests on a component of a few points that happen to be close together or to "
             "agree: avoid: the search passes it over, and says so when it would have won; keep: it is a model like "
             "any other; strict: of any component that is as thin as the ridge, too",
     .kind = OPTION_CHOICE,
     .offset = offsetof(fit_options, spurious),
     .choices = spurious_choices,
     .fallback = "avoid",
     .needs = "method",
     .word = "ml|map|adapt",
     .affects_numbers = true,
     .in_model = true},
    {.name = "method",
     .argument = "NAME",
     .group = "Method",
     .brief = "ml, map, vb, dp or adapt",
     .help =
         "ml: maximum likelihood; map: the mode of the posterior under a conjugate prior; vb: variational Bayes; dp: "
         "the same with weights by stick-breaking (a Dirichlet process); adapt: a model, that of --from, is adapted to "
         "the points",
     .kind = OPTION_CHOICE,
     .offset = offsetof(fit_options, method),
     .choices = methods,
     .fallback = "ml",
     .affects_numbers = true,
     .in_model = true,
     .if_changed = true},
    {.name = "distribution",
     .argument = "NAME",
     .group = "Model",
     .help =
         "of each component: gaussian: normal; t: Student's t, whose tails are heavier, so that outliers count less",
     .kind = OPTION_CHOICE,
     .offset = offsetof(fit_options, distribution),
     .choices = distributions,
     .fallback = "gaussian",
     .affects_numbers = true,
     .in_model = true,
     .if_changed = true},
    {.name = "dof",
     .argument = "NU",
     .group = "Model",
     .help = "degrees of freedom of t distributions: a number: fixed; each: estimated for every component; common: "
             "estimated, the same for all",
     .kind = OPTION_PARSED,
     .offset = offsetof(fit_options, dof),
     .parse = parse_dof,
     .print = print_dof,
     .choices = estimated_dof,
     .fallback = "each",
     .needs = "distribution",
     .word = "t",
     .affects_numbers = true,
     .in_model = true,
     .if_changed = true},
    {.name = "prior-mean",
     .argument = "A,B,...",
     .group = "Method",
     .help = "map: what means are shrunk towards, a number for each feature; data: the mean of all points",
     .kind = OPTION_PARSED,
     .offset = offsetof(fit_options, prior_mean),
     .parse = parse_prior_mean,
     .print = print_prior_text,
     .fallback = "data",
     .needs = "method",
     .word = "map",
     .affects_numbers = true,
     .in_model = true},
    {.name = "prior-shrinkage",
     .argument = "KAPPA",
     .group = "Method",
     .help = "map: how many points the prior mean counts for; 0: means are not shrunk",
     .kind = OPTION_REAL,
     .offset = offsetof(fit_options, prior_shrinkage),
     .least = 0.0,
     .most = 1e100,
     .fallback = "0.01",
     .needs = "method",
     .word = "map",
     .affects_numbers = true,
     .in_model = true},
    {.name = "prior-dof",
     .argument = "NU",
     .group = "Method",
     .help = "map: degrees of freedom of the prior of covariances; auto: the number of features plus 2",
     .kind = OPTION_PARSED,
     .offset = offsetof(fit_options, prior_dof),
     .parse = parse_prior_dof,
     .print = print_prior_dof,
     .fallback = "auto",
     .needs = "method",
     .word = "map",
     .affects_numbers = true,
     .in_model = true},
    {.name = "prior-scale",
     .argument = "S",
     .group = "Method",
     .help = "map: scale of the prior of covariances; auto: the covariance of all points, or each feature's variance "
             "with diagonal covariances, over K^(2/d); mclust: with those the mean of the variances for all features, "
             "as mclust has it; or a number for all features, one for each, or a matrix row by row",
     .kind = OPTION_PARSED,
     .offset = offsetof(fit_options, prior_scale),
     .parse = parse_prior_scale,
     .print = print_prior_text,
     .fallback = "auto",
     .needs = "method",
     .word = "map",
     .affects_numbers = true,
     .in_model = true},
    {.name = "from",
     .argument = "MODEL",
     .group = "Method",
     .help = "adapt: the model, a file as --init takes it; -k and --covariance are its own. One iteration is made, "
             "unless --max-iter or --tol ask for more",
     .kind = OPTION_TEXT,
     .offset = offsetof(fit_options, from_file),
     .needs = "method",
     .word = "adapt"},
    {.name = "relevance",
     .argument = "R",
     .group = "Method",
     .help = "adapt: how many points the model's own parameters count for in each component",
     .kind = OPTION_REAL,
     .offset = offsetof(fit_options, relevance),
     .least = 0.0,
     .above_least = true,
     .most = 1e100,
     .fallback = "16",
     .needs = "method",
     .word = "adapt",
     .affects_numbers = true,
     .in_model = true},
    {.name = "adapt",
     .argument = "LIST",
     .group = "Method",
     .help = "adapt: which parameters are adapted: means, weights, variances, with commas between them",
     .kind = OPTION_PARSED,
     .offset = offsetof(fit_options, adapts),
     .parse = parse_adapt,
     .print = print_adapt,
     .fallback = "means",
     .needs = "method",
     .word = "adapt",
     .affects_numbers = true,
     .in_model = true},
    {.name = "noise",
     .group = "Method",
     .help = "a uniform background beside the components: its points have label -1",
     .kind = OPTION_FLAG,
     .offset = offsetof(fit_options, noise),
     .affects_numbers = true,
     .in_model = true,
     .if_changed = true},
    {.name = "noise-volume",
     .argument = "V",
     .group = "Method",
     .help = "with --noise: the volume that it fills, of which its density is the inverse; 0: that of the smaller one "
             "of two boxes about all points, along the features and along their principal components",
     .kind = OPTION_REAL,
     .offset = offsetof(fit_options, noise_volume),
     .least = 0.0,
     .most = 1e300,
     .fallback = "0",
     .needs = "noise",
     .word = "yes",
     .affects_numbers = true,
     .in_model = true,
     .if_changed = true},
    {.name = "weight-concentration-prior",
     .argument = "A",
     .group = "Method",
     .help = "with vb, dp: few components are used where it is small; 0: 1/K",
     .kind = OPTION_REAL,
     .offset = offsetof(fit_options, weight_concentration_prior),
     .least = 0.0,
     .most = 1e100,
     .fallback = "0",
     .needs = "method",
     .word = "vb|dp",
     .affects_numbers = true},
    {.name = "mean-precision-prior",
     .argument = "B",
     .group = "Method",
     .help = "with vb, dp: how many points the prior mean counts for",
     .kind = OPTION_REAL,
     .offset = offsetof(fit_options, mean_precision_prior),
     .least = 0.0,
     .above_least = true,
     .most = 1e100,
     .fallback = "1",
     .needs = "method",
     .word = "vb|dp",
     .affects_numbers = true},
    {.name = "degrees-of-freedom-prior",
     .argument = "NU",
     .group = "Method",
     .help = "with vb, dp: of the Wishart prior of precisions; 0: the number of features",
     .kind = OPTION_REAL,
     .offset = offsetof(fit_options, degrees_of_freedom_prior),
     .least = 0.0,
     .most = 1e100,
     .fallback = "0",
     .needs = "method",
     .word = "vb|dp",
     .affects_numbers = true},
    {.name = "mean-prior",
     .argument = "LIST",
     .group = "Method",
     .help = "with vb, dp: a number for each feature, as in 0,1.5 (default: the mean of the points)",
     .kind = OPTION_TEXT,
     .offset = offsetof(fit_options, mean_prior),
     .needs = "method",
     .word = "vb|dp",
     .affects_numbers = true},
    {.name = "covariance-prior",
     .argument = "LIST",
     .group = "Method",
     .help = "with vb, dp: a variance, one for each feature, or the rows of a matrix, with commas between all numbers "
             "(default: the covariance of the points)",
     .kind = OPTION_TEXT,
     .offset = offsetof(fit_options, covariance_prior),
     .needs = "method",
     .word = "vb|dp",
     .affects_numbers = true},
    {.name = "prune",
     .group = "Method",
     .help = "with vb, dp: components that less than one point belongs to are left out of the model in the end",
     .kind = OPTION_FLAG,
     .offset = offsetof(fit_options, prune),
     .needs = "method",
     .word = "vb|dp",
     .in_model = true},
    {.name = "threads",
     .argument = "T",
     .group = "Machine",
     .brief = "threads of each process",
     .help =
         "threads of each rank; the result is the same at any number. mpirun must not bind a rank to one core then: "
         "--bind-to none, or --map-by socket:PE=T",
     .kind = OPTION_COUNT,
     .offset = offsetof(fit_options, threads),
     .smallest = 1,
     .largest = 4096,
     .fallback = "1"},
};
const int n_fit_options = (int)(sizeof fit_option_table / sizeof fit_option_table[0]);

static_assert(sizeof fit_option_table / sizeof fit_option_table[0] <= 64, "a bit for each option");

fit_options fit_defaults(int64_t n_components)
{
  fit_options options = {.n_components = n_components};
  options_set_fallbacks(fit_option_table, n_fit_options, &options);
  return options;
}

gmmpi_status fit_options_check(const fit_options *options, uint64_t given, gmmpi_error *error)
{
  if (options->n_components == 0 && options->method != METHOD_ADAPT)
    return fail(error, GMMPI_WRONG_USAGE, "-k is missing; say how many components to fit, e.g. -k 3");
  const gmmpi_status status = options_check_needs(fit_option_table, n_fit_options, options, given, error);
  if (status != GMMPI_OK) return status;
  if (combinations_check(options, error) != GMMPI_OK) return error->status;
  if (options->method == METHOD_ADAPT) {
    const bool starts_elsewhere = (given >> option_index(fit_option_table, n_fit_options, "init") & 1) != 0;
    return adaptation_check(options, starts_elsewhere, error);
  }
  const bool drawn = options->init != INIT_MODEL && options->init != INIT_LABELS;
  if (!drawn && options->n_init > 1)
    return fail(error, GMMPI_WRONG_USAGE, "--n-init %lld starts from %s would all be the same; leave one of them away",
                (long long)options->n_init,
                options->init_file != NULL     ? options->init_file
                : options->init == INIT_LABELS ? "labels"
                                               : "a model");
  return GMMPI_OK;
}

/* Without a fallback the default is the struct's zero. */
static bool is_changed(const option_record *option, const fit_options *options)
{
  static const fit_options zero = {.n_components = 0};
  char text[1024];
  char usual[1024];
  option_text(option, options, text, sizeof text);
  if (option->fallback == NULL) option_text(option, &zero, usual, sizeof usual);
  return strcmp(text, option->fallback != NULL ? option->fallback : usual) != 0;
}

/* Notes one, unless it has no effect. Its name is the prefix and the option's, with `dash` for every '-'. */
static bool note(const option_record *option, const fit_options *options, const char *prefix, char dash, json_t *object)
{
  char name[64];
  if (!option_is_in_force(fit_option_table, n_fit_options, option, options)) return true;
  if (option->if_changed && !is_changed(option, options)) return true;
  snprintf(name, sizeof name, "%s%s", prefix, option->name);
  for (char *c = name; *c != '\0'; c++) {
    if (*c == '-') *c = dash;
  }
  return json_object_set_new(object, name, option_json(option, options)) == 0;
}

bool fit_options_note_identity(const fit_options *options, json_t *object)
{
  bool done = true;
  for (int i = 0; i < n_fit_options && done; i++) {
    if (fit_option_table[i].affects_numbers) done = note(&fit_option_table[i], options, "--", '-', object);
  }
  return done;
}

bool fit_options_note_model(const fit_options *options, int first, int end, json_t *object)
{
  bool done = true;
  for (int i = first; i < end && done; i++) {
    if (fit_option_table[i].in_model) done = note(&fit_option_table[i], options, "", '_', object);
  }
  return done;
}
