# Parameter tables of many models: what sem() adds to what is written, how it numbers, labels and ties parameters.
# No model is fitted; the data only give the variables and the groups their names.
suppressMessages(library(lavaan))
source("../../R/record.R")

data <- read_data("../../data/holzinger.csv")
data$three <- rep(c("a", "b", "c"), length.out = nrow(data))
cases <- list()

# The table of one model under the options of sem(); `group` names the column that divides the data.
case <- function(name, model, ...) {
  options <- list(...)
  found <- with_warnings(sem(model, data = data, do.fit = FALSE, ...))
  fit <- found$value
  table <- as.data.frame(parTable(fit))
  for (bound in c("lower", "upper")) if (is.null(table[[bound]])) table[[bound]] <- NA
  relations <- table$op %in% c("==", "<", ">", ":=")
  columns <- c("lhs", "op", "rhs", "user", "group", "free", "ustart", "exo", "label", "lower", "upper")
  asked <- lavInspect(fit, "options")
  cases[[name]] <<- list(
    model = model,
    std_lv = isTRUE(options$std.lv),
    fixed_x = !isFALSE(options$fixed.x),
    meanstructure = asked$meanstructure,
    n_groups = lavInspect(fit, "ngroups"),
    group_equal = I(as.character(options$group.equal)),
    group_partial = I(as.character(options$group.partial)),
    observed = I(as.character(lavNames(fit, "ov"))),
    exogenous = I(as.character(lavNames(fit, "ov.x"))),
    latent = I(as.character(lavNames(fit, "lv"))),
    coefficients = I(names(coef(fit))),
    single_label = any(grepl("single label", found$warnings)),
    rows = lapply(table[!relations, columns], I),
    relations = lapply(table[relations, c("lhs", "op", "rhs", "user")], I)
  )
}

three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
two <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
one <- "f =~ x1 + x2 + x3 + x4"

# --- one group: factors -------------------------------------------------------------------------------------------

case("factors", three)
case("factors_std_lv", three, std.lv = TRUE)
case("factors_means", three, meanstructure = TRUE)
case("structural", paste0(three, "\nspeed ~ visual + textual\ntextual ~ visual"))
case("structural_std_lv", paste0(three, "\nspeed ~ visual + textual"), std.lv = TRUE, meanstructure = TRUE)
case("second_order", paste0(three, "\ng =~ visual + textual + speed"))
case("second_order_std_lv", paste0(three, "\ng =~ visual + textual + speed"), std.lv = TRUE)
case("second_order_first", paste0("g =~ visual + textual + speed\n", three), meanstructure = TRUE)
case("higher_single", "visual =~ x1 + x2 + x3\ng =~ visual\nh =~ x4 + x5\nh ~ g")
case("higher_single_std_lv", "visual =~ x1 + x2 + x3\ng =~ visual\nh =~ x4 + x5\nh ~ g", std.lv = TRUE)
case("bifactor", paste0("g =~ x1 + x2 + x3 + x4 + x5 + x6\n", two, "\ng ~~ 0*visual + 0*textual\nvisual ~~ 0*textual"))
case("bifactor_std_lv", paste0("g =~ x1 + x2 + x3 + x4 + x5 + x6\n", two, "\nvisual ~~ 0*g\ntextual ~~ 0*g"),
     std.lv = TRUE)
case("cross_loading", "a =~ x1 + x2 + x3 + x4\nb =~ x4 + x5 + x1")
case("single_indicator", "f =~ x1 + x2 + x3\ns =~ x4\nt =~ x5\ns ~ f + t")
case("single_indicator_twice", "f =~ x1\ng =~ x1 + x2 + x3")
case("single_indicator_error", "f =~ x1 + x2 + x3\ns =~ x4\nx4 ~~ .4*x4")
case("factor_measured_last", "b ~ a\na =~ x1 + x2\nb =~ x3 + x4\nx1 ~~ x3")
case("covariance_turned", "f =~ x1 + x2 + x3\nx3 ~~ x1\nx9 ~~ f")
case("covariance_of_others_turned", "f =~ x1 + x2 + x3\nx9 ~~ x8\nx8 ~~ x3\nx7 ~~ x9")
case("covariances_of_others", "x3 ~~ x1\nx2 ~~ x3 + x1")
case("phantom", "p =~ 0\nf =~ x1 + x2 + x3\nf ~ p\np ~~ 1*p")
case("factor_on_the_left_of_covariance", "f =~ x1 + x2 + x3\ng =~ x4 + x5\ng ~~ .3*f\nx1 + x2 ~~ x4")

# --- one group: observed variables --------------------------------------------------------------------------------

case("regression", "x1 ~ x2 + x3")
case("regression_means", "x1 ~ 1 + x2 + x3")
case("regression_random_x", "x1 ~ x2 + x3", fixed.x = FALSE, meanstructure = TRUE)
case("path", "x2 ~ x1\nx3 ~ x2 + x1\nx4 ~ x3")
case("outcomes", "x3 ~ x1 + x2\nx4 ~ x1\nx5 ~ x4\nx6 ~ x4")
case("x_with_variance", "x1 ~ x2 + x3 + x4\nx2 ~~ x2", meanstructure = TRUE)
case("x_with_covariance", "x1 ~ x2 + x3 + x4\nx4 ~~ x2")
case("x_with_intercept", "x1 ~ x2 + x3\nx3 ~ 1")
case("mimic", "f =~ x1 + x2 + x3\nf ~ ageyr + grade + sex", meanstructure = TRUE)
case("mimic_random_x", "f =~ x1 + x2 + x3\nf ~ ageyr + grade", fixed.x = FALSE)
case("mixed", "f =~ x1 + x2 + x3\nx4 ~ f + x5\nf ~ x6\nx7 ~ x4", meanstructure = TRUE)
case("indicator_predicts", "f =~ x1 + x2 + x3\nx4 ~ x1\nf ~ x5")
case("indicator_predicted", "f =~ x1 + x2 + x3\nx2 ~ x5\nx4 ~ f")
case("factor_and_outcomes", "f =~ x1 + x2\ng =~ x3 + x4\nf + g + x5 + x6 ~ x7")

# --- one group: modifiers -----------------------------------------------------------------------------------------

case("modifiers", "f =~ NA*x1 + .5*x2 + a*x3 + start(.7)*x4 + label('b')*x5\nf ~~ 1*f")
case("marker_labelled", "f =~ a*x1 + b*x2 + c*x3")
case("marker_start", "f =~ start(.8)*x1 + x2 + x3")
case("fixed_and_start", "f =~ x1 + 2*x2 + start(3)*x2 + x3")
case("freed_and_start", "f =~ NA*x1 + start(.6)*x1 + x2\nf ~~ 1*f")
case("question_mark", "f =~ x1 + .5?x2 + -1?x3")
case("shared_labels", "f =~ x1 + a*x2 + a*x3\ng =~ x4 + b*x5 + b*x6\nx1 ~~ v*x1\nx2 ~~ v*x2")
case("shared_with_marker", "f =~ a*x1 + a*x2 + x3")
case("shared_with_fixed", "f =~ x1 + a*x2 + .7*x2 + a*x3 + a*x4")
case("equal", "f =~ x1 + x2 + equal('f=~x2')*x3 + x4\ng =~ x5 + x6 + equal('f=~x2')*x7")
case("equal_to_labelled_later", "f =~ x1 + equal('f=~x3')*x2 + x3")
case("equal_variances", "f =~ x1 + x2 + x3\nx1 ~~ x1\nx2 ~~ equal('x1~~x1')*x2\nx3 ~~ equal('x1~~x1')*x3")
case("bounds", "f =~ x1 + lower(0)*x2 + upper(2)*x3 + lower(.1)*x4 + upper(.9)*x4\nx1 ~~ lower(.01)*x1")
case("bounds_tied", "f =~ x1 + a*x2 + lower(0)*x2 + a*x3 + lower(-1)*x3 + upper(3)*x3")
case("expressions", "f =~ x1 + 1/2*x2 + sqrt(2)*x3 + (1 + 2)*x4 + -.3*x5")
case("std_lv_variance_free", "f =~ x1 + x2 + x3\nf ~~ NA*f", std.lv = TRUE)
case("std_lv_variance_written", "f =~ x1 + x2 + x3\nf ~~ v*f", std.lv = TRUE)
case("std_lv_marker_fixed", "f =~ 1*x1 + x2 + x3", std.lv = TRUE)
case("scaling", "f =~ x1 + x2 + x3\nx1 ~*~ x1\nx2 ~*~ 1*x2\nx3 ~*~ start(2)*x3")
case("repeated", "x1 ~ a*x2 + start(2)*x2; x3 ~~ v*x3 # words\nx1 ~~ x1 ! more\n")

# --- one group: means ---------------------------------------------------------------------------------------------

case("intercepts", "f =~ x1 + x2 + x3\nx1 ~ 1\nx2 ~ 0*1\nx3 ~ i*1\nf ~ 1")
case("intercept_forms", "x1 ~ 1 + x2\nx3 ~ 0 + x2\nx4 ~ start(3)*1 + b*x2\nx5 + x6 ~ m*1")
case("growth", "i =~ 1*x1 + 1*x2 + 1*x3 + 1*x4\ns =~ 0*x1 + 1*x2 + 2*x3 + 3*x4\nx1 + x2 + x3 + x4 ~ 0*1\ni + s ~ NA*1")
case("growth_predicted", paste0("i =~ 1*x1 + 1*x2 + 1*x3\ns =~ 0*x1 + 1*x2 + 2*x3\nx1 + x2 + x3 ~ 0*1\ni + s ~ 1\n",
                                "i + s ~ ageyr"))
case("latent_mean_fixed", "f =~ x1 + x2 + x3\nf ~ .5*1", std.lv = TRUE)

# --- one group: composites ----------------------------------------------------------------------------------------

case("composite", "c <~ x1 + x2 + x3\nf =~ x4 + x5 + x6\nf ~ c")
case("composite_marker", "c <~ 1*x1 + x2 + x3\nf =~ x4 + x5 + x6\nf ~ c", meanstructure = TRUE)
case("composite_std_lv", "c <~ 1*x1 + x2 + x3\nf =~ x4 + x5 + x6\nf ~ c", std.lv = TRUE)
case("composite_outcome", "c <~ 1*x1 + x2\nc ~ x3\nx4 ~ c")
case("composite_random_x", "c <~ 1*x1 + x2 + x3\nf =~ x4 + x5\nf ~ c + x6\nc ~~ c", fixed.x = FALSE)
case("composites_two", "c <~ 1*x1 + x2\nd <~ 1*x3 + x4\nf =~ x5 + x6 + x7\nf ~ c + d + x8")
case("composite_and_factor", "c <~ 1*x1 + x2\nf =~ x3 + x4 + x5\ng =~ x6 + x7\ng ~ c + f", meanstructure = TRUE)
case("composite_measures", "f =~ c + x4 + x5\nc <~ 1*x1 + x2 + x3")

# --- one group: constraints ---------------------------------------------------------------------------------------

case("definitions", "x2 ~ a*x1\nx3 ~ b*x2 + c*x1\nindirect := a*b\ntotal := indirect + c")
case("equality_of_labels", "f =~ x1 + a*x2 + b*x3 + c*x4\na == b")
case("equality_chain", "f =~ x1 + a*x2 + b*x3 + c*x4 + d*x5 + d*x6\na == b\nd == c\nb == c")
case("equality_with_number", "f =~ x1 + a*x2 + b*x3\na == 1.5")
case("equality_of_expressions", "f =~ x1 + a*x2 + b*x3 + c*x4\na + b == 2*c\na*b == c^2")
case("inequality", "f =~ x1 + a*x2 + b*x3\nx1 ~~ v*x1\nv > 0\na < 2*b\nexp(a) > b")
case("constraint_on_definition", "x2 ~ a*x1\nx3 ~ b*x2 + c*x1\nab := a*b\nab == c")
case("effect_coding", "f =~ NA*x1 + a*x1 + b*x2 + c*x3\na + b + c == 3", meanstructure = TRUE)

# --- several groups -----------------------------------------------------------------------------------------------

case("groups", three, group = "school")
case("groups_no_means", three, group = "school", meanstructure = FALSE)
case("groups_loadings", three, group = "school", group.equal = "loadings")
case("groups_loadings_std_lv", three, group = "school", group.equal = "loadings", std.lv = TRUE)
case("groups_scalar", three, group = "school", group.equal = c("loadings", "intercepts"))
case("groups_scalar_std_lv", three, group = "school", group.equal = c("loadings", "intercepts"), std.lv = TRUE)
case("groups_strict", two, group = "three", group.equal = c("loadings", "intercepts", "residuals"))
case("groups_means", two, group = "school", group.equal = c("loadings", "intercepts", "means"))
case("groups_all", paste0(two, "\nx1 ~~ x4\nx5 ~~ x6\ntextual ~ visual"), group = "school", std.lv = TRUE,
     group.equal = c("loadings", "intercepts", "means", "residuals", "residual.covariances", "lv.variances",
                     "lv.covariances", "regressions"))
case("groups_variances_std_lv", two, group = "school", group.equal = c("loadings", "lv.variances"), std.lv = TRUE)
case("groups_latent_covariances", paste0(two, "\nvisual ~~ textual"), group = "school",
     group.equal = c("loadings", "lv.covariances", "lv.variances"))
case("groups_partial", three, group = "school", group.equal = c("loadings", "intercepts", "residuals"),
     group.partial = c("visual =~ x2", "x7~1", "x1 ~~ x1"))
case("groups_partial_covariance", paste0(two, "\nx1 ~~ x4 + x5"), group = "school",
     group.equal = c("residual.covariances", "lv.covariances"), group.partial = "x1~~x4")
case("groups_second_order", paste0(three, "\ng =~ visual + textual + speed"), group = "school",
     group.equal = c("loadings", "intercepts"))
case("groups_second_order_std_lv", paste0(three, "\ng =~ visual + textual + speed"), group = "school", std.lv = TRUE,
     group.equal = c("loadings", "intercepts"))
case("groups_single_indicator", "f =~ x1 + x2 + x3\ng =~ f\ng ~~ x4", group = "school", std.lv = TRUE,
     group.equal = "loadings")
case("groups_mimic", "f =~ x1 + x2 + x3\nf ~ ageyr + grade", group = "school",
     group.equal = c("loadings", "intercepts", "regressions", "residuals", "residual.covariances"))
case("groups_mimic_random_x", "f =~ x1 + x2 + x3\nf ~ ageyr + grade", group = "school", fixed.x = FALSE,
     group.equal = c("loadings", "intercepts", "residuals"))
case("groups_path", "x2 ~ x1\nx3 ~ x2 + x1", group = "school", group.equal = c("regressions", "intercepts", "residuals"))
case("groups_composite", "c <~ 1*x1 + x2 + x3\nf =~ x4 + x5 + x6\nf ~ c", group = "school",
     group.equal = c("loadings", "composite.loadings", "intercepts", "regressions"))
case("groups_composite_std_lv", "c <~ 1*x1 + x2 + x3\nf =~ x4 + x5 + x6\nf ~ c", group = "school", std.lv = TRUE,
     group.equal = "loadings")
case("groups_growth", "i =~ 1*x1 + 1*x2 + 1*x3\ns =~ 0*x1 + 1*x2 + 2*x3\nx1 + x2 + x3 ~ 0*1\ni + s ~ c(NA, NA)*1",
     group = "school", group.equal = c("lv.variances", "residuals"))
case("groups_bifactor", paste0("g =~ x1 + x2 + x3 + x4 + x5 + x6\n", two,
                               "\ng ~~ 0*visual + 0*textual\nvisual ~~ 0*textual"),
     group = "school", group.equal = c("loadings", "intercepts"), group.partial = "g=~x4")
case("groups_scaling", "f =~ x1 + x2 + x3\nx1 ~*~ c(1, NA)*x1", group = "school", group.equal = "loadings")

# --- several groups: c() and labels -------------------------------------------------------------------------------

case("c_numbers", "f =~ x1 + c(1, NA)*x2 + c(.5, .7)*x3\nx1 ~~ c(NA, 1)*x1", group = "school")
case("c_labels", "f =~ x1 + c(a, b)*x2 + c(d, d)*x3 + x4\nq := a - b", group = "school")
case("c_text_labels", "f =~ x1 + c('a', NA)*x2 + label(c('d', 'e'))*x3 + c('', 'h')*x4", group = "school")
case("c_start", "f =~ x1 + start(c(.1, .2))*x2 + start(.3)*x3 + start(.4, .5)*x4", group = "school")
case("c_start_marker", "f =~ start(c(.1, .2))*x1 + x2 + x3", group = "school", group.equal = "loadings",
     group.partial = "f=~x1")
case("c_marker_labels", "f =~ c(a, b)*x1 + c(NA, NA)*x2", group = "school")
case("c_both", "f =~ x1 + c(1, NA)*x2 + c(a, b)*x2 + start(c(2, 3))*x2 + x3", group = "school")
case("c_bounds", "f =~ x1 + lower(c(0, 1))*x2 + upper(2)*x3", group = "school")
case("c_intercepts", "f =~ x1 + x2 + x3\nf ~ c(0, NA)*1\nx1 ~ c(i, i)*1", group = "school")
case("c_three", "f =~ x1 + c(a, b, a)*x2 + c(1, NA, 2)*x3", group = "three")
case("c_expressions", "f =~ x1 + c(1/2, -1)*x2 + x3", group = "school")
case("c_negative", "x1 ~ c(-1, 1)*x2", group = "school")
case("single_label", "f =~ x1 + a*x2 + x3\nx1 ~~ v*x1", group = "school")
case("single_label_equal", "f =~ x1 + a*x2 + x3", group = "school", group.equal = "loadings")
case("single_value", "f =~ x1 + .5*x2 + start(2)*x3\nf ~ 1*1", group = "school", group.equal = c("loadings", "intercepts"))
case("equal_with_c_fixed", "f =~ x1 + c(1, NA)*x2 + x3", group = "school", group.equal = "loadings")
case("equal_with_c_labels", "f =~ x1 + c(a, b)*x2 + x3 + x4", group = "school", group.equal = c("loadings", "intercepts"))
case("equal_with_half_labels", "f =~ x1 + c('a', '')*x2 + x3", group = "school", group.equal = "loadings")
case("equal_with_user_means", "f =~ x1 + x2 + x3\nf ~ 0*1", group = "school", group.equal = c("loadings", "intercepts"))
case("equal_with_user_variance", "f =~ x1 + x2 + x3\nf ~~ 1*f", group = "school", group.equal = "loadings",
     std.lv = TRUE)
case("equal_with_freed_marker", "f =~ NA*x1 + x2 + x3\nf ~~ c(1, NA)*f\nf ~ c(0, NA)*1", group = "school",
     group.equal = c("loadings", "intercepts"))
case("equal_across_groups", "f =~ x1 + x2 + equal('f=~x2')*x3", group = "school")
case("equal_by_group", "f =~ x1 + x2 + equal(c('f=~x2', 'f=~x2.g2'))*x3", group = "school")
case("constraint_across_groups", "f =~ x1 + c(a1, a2)*x2 + c(b1, b2)*x3\na1 == a2\nb1 > b2", group = "school")
case("constraint_and_equal", "f =~ x1 + c(a1, a2)*x2 + x3 + x4\na1 == a2 + .1", group = "school", group.equal = "loadings")
case("definition_across_groups", "f =~ x1 + x2 + x3\nf ~ c(m1, m2)*1\ndifference := m2 - m1", group = "school")
case("effect_coding_groups", paste0("f =~ NA*x1 + c(a1, a2)*x1 + c(b1, b2)*x2 + c(d1, d2)*x3\na1 + b1 + d1 == 3\n",
                                    "a2 + b2 + d2 == 3"), group = "school")
case("covariance_turned_groups", "f =~ x1 + x2 + x3\nx3 ~~ c(0, NA)*x1\nx4 ~~ c(k, l)*f", group = "school")

record(list(cases = cases), "lavaan")
