"""Findings that travel with a result: coded notes, what each code means, and where a result came from.

Standard library only. A :class:`Note` says what was found in *this* result; :data:`CODES` says, once for each code,
what it means, what to do and what to write in the thesis (``crmstudy explain CODE``).
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Literal

Level = Literal["info", "warning", "inadmissible"]


@dataclass(frozen=True, slots=True)
class Note:
    """One finding.

    ``code`` is a key of :data:`CODES`; ``message`` a full sentence with the figures found; ``subject`` the item, scale
    or parameter it is about. ``level`` is ``info`` (worth knowing), ``warning`` (worth acting on) or ``inadmissible``
    (the numbers beside it must not be interpreted).
    """

    code: str
    message: str
    level: Level = "info"
    subject: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """Plain values for JSON."""
        return {"code": self.code, "level": self.level, "subject": self.subject, "message": self.message}


@dataclass(frozen=True, slots=True)
class Code:
    """What a note code means, what to do about it, and a sentence for the method section."""

    title: str
    meaning: str
    advice: str
    write: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a result came from: input hashes (sha256 by name), versions by package, the seed."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON, keys sorted."""
        return {
            "inputs": dict(sorted(self.inputs.items())),
            "versions": dict(sorted(self.versions.items())),
            "seed": self.seed,
        }


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of Python and of the installed packages among ``packages``."""
    versions = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def is_admissible(notes: Iterable[Note]) -> bool:
    """True when no note says that the numbers must not be interpreted."""
    return all(note.level != "inadmissible" for note in notes)


CODES: dict[str, Code] = {
    "ANALYSIS_FAILED": Code(
        "The analysis could not be done",
        "The input was well formed, but this analysis cannot be computed from it; the rest of the report stands.",
        "Read the sentence in the block's place: it names the variable or the option and what to change.",
        "Name the analysis that was planned and why it could not be carried out.",
    ),
    "SEM_ROWS_DROPPED": Code(
        "Rows with missing answers were left out",
        "A covariance matrix was computed from complete rows only (listwise deletion); rows that lack an answer to any "
        "variable of the model are not in it.",
        "Compare those left out with those kept; where many are lost, use an estimator for missing data.",
        "State how many cases were excluded listwise and that results assume data missing completely at random.",
    ),
    "SEM_TOO_FEW_ROWS": Code(
        "Too few rows for the model",
        "With no more rows than variables the sample covariance matrix is singular and the likelihood has no maximum.",
        "Collect more answers, or test a smaller model (fewer items or one scale at a time).",
        "State the number of complete cases and why the planned model could not be estimated.",
    ),
    "SEM_CONSTANT_VARIABLE": Code(
        "A variable of the model does not vary",
        "Everyone gave the same answer; a constant has no covariance with anything.",
        "Leave the item out of the model and check how it was coded.",
        "Name the item and the answer that everyone gave; it was excluded because it carries no information.",
    ),
    "SEM_SINGULAR_SAMPLE": Code(
        "Variables are linearly dependent",
        "One variable is an exact combination of others (a copy, or a total beside its parts).",
        "Leave one of the variables named in the message out of the model.",
        "State which redundant variable was removed before estimation.",
    ),
    "SEM_NOT_CONVERGED": Code(
        "The estimation did not converge",
        "The iteration stopped before a minimum was found; estimates, if shown, are where it stopped, and there are no "
        "standard errors or fit indices.",
        "Check the model for misplaced items, raise control max_iter, give start values, or collect more data.",
        "Report that the model did not converge; do not report its estimates.",
    ),
    "SEM_NOT_IDENTIFIED": Code(
        "The model is not identified",
        "Different parameter values imply the same covariance matrix, so the data cannot decide between them.",
        "Fix or equate one of the parameters named, add indicators, or give each factor a scale.",
        "Report that the model as specified was not identified and which restriction was added, and why.",
    ),
    "SEM_NEGATIVE_VARIANCE": Code(
        "A negative variance (Heywood case)",
        "An estimated variance is below 0. Causes: a misspecified model, too few indicators, a small sample, outliers.",
        "Test whether it differs from 0; reconsider the factor; do not simply fix the variance at 0.",
        "Report the improper solution and its size; interpret no estimate of this model.",
    ),
    "SEM_LATENT_COVARIANCE": Code(
        "The factor covariance matrix is impossible",
        "The estimated covariance matrix of the factors is not positive definite: no variables can have it. Often "
        "two factors measure the same thing.",
        "Look at the largest factor correlation; consider one factor instead of two.",
        "Report the improper solution with the correlation concerned; interpret no estimate of this model.",
    ),
    "SEM_RESIDUAL_COVARIANCE": Code(
        "The residual covariance matrix is impossible",
        "The estimated residual covariances do not fit together with the residual variances.",
        "Reconsider the residual covariances that were freed.",
        "Report the improper solution; interpret no estimate of this model.",
    ),
    "SEM_CORRELATION_BEYOND_ONE": Code(
        "A correlation beyond 1",
        "Two factors have an estimated correlation above 1 in absolute value.",
        "The factors cannot be told apart in these data; consider merging them.",
        "Report the improper solution; interpret no estimate of this model.",
    ),
    "SEM_SATURATED": Code(
        "No degrees of freedom",
        "The model has as many parameters as the data have moments; it reproduces them whatever they are.",
        "Interpret the estimates, not the fit.",
        "State that the model is just identified and that its fit cannot be tested.",
    ),
    "SEM_NO_STANDARD_ERRORS": Code(
        "No standard errors",
        "Standard errors need a converged, identified model.",
        "See the note about convergence or identification.",
        "Report no tests for this model.",
    ),
    "SEM_NO_START": Code(
        "No usable start values",
        "The start values imply a covariance matrix that is not positive definite, so the iteration cannot begin.",
        "Give start() values or check fixed values and signs in the model.",
        "Report that the model could not be estimated.",
    ),
    "SEM_FEW_DRAWS": Code(
        "Too few Monte Carlo draws",
        "Percentiles of a few draws are themselves random in the digits shown.",
        "Use at least 1,000 draws; 20,000 is the default.",
        "State the number of draws behind a Monte Carlo interval.",
    ),
    "VALIDITY_FEW_INDICATORS": Code(
        "CR and AVE need two indicators",
        "Composite reliability and average variance extracted compare the indicators of one factor with each other; "
        "one indicator, or indicators shared with another factor, leave nothing to compare.",
        "Report the single indicator as such; do not compute a reliability for it.",
        "State that the construct was measured by a single indicator.",
    ),
    "INSTRUMENT_COUNT": Code(
        "The file and the published form differ in size",
        "The number of items or scales in the instrument file is not the number the source reports.",
        "Compare the file with the source; if the change is meant, give the adaptation its own id and version.",
        "State which items were dropped or added, and why.",
    ),
    "INSTRUMENT_KEY": Code(
        "The reversed items differ from the published key",
        "An item is mirrored here but not in the source, or the other way round; scores and reliability depend on it.",
        "Compare the list of reversed items with the source; check the sign of the item's item-rest correlation.",
        "List the reversed items.",
    ),
    "INSTRUMENT_ITEM_UNSCORED": Code(
        "An item belongs to no scale",
        "The item is asked, but no score uses it.",
        "Add it to the scale it belongs to, or drop it from the questionnaire.",
        "Name the items that were asked but not scored.",
    ),
    "INSTRUMENT_ITEM_SHARED": Code(
        "An item belongs to several scales",
        "Scales that share items correlate for that reason alone.",
        "Check that this is meant (a total score beside subscales is); do not correlate such scales with each other.",
        "Name the shared items wherever the scales are compared.",
    ),
    "INSTRUMENT_TRANSLATION_MISSING": Code(
        "A text is missing in a language",
        "A language is declared, but an item, a name or a label has no text in it.",
        "Translate the text, or take the language off the list.",
        "Say in which languages the questionnaire was given.",
    ),
    "INSTRUMENT_WORDING_REPEATED": Code(
        "Two items have the same wording",
        "The same text stands under two ids: a copying slip, or an item asked twice.",
        "Compare both with the source and correct one.",
        "Nothing, once corrected.",
    ),
    "INSTRUMENT_LABEL_MISSING": Code(
        "An end point of the response format has no label",
        "Respondents see a number without a meaning, and figures have no anchors.",
        "Give the lowest and the highest answer a label in every language.",
        "Report the labels of the end points.",
    ),
    "INSTRUMENT_RESPONSE_UNUSED": Code(
        "A response format is not used",
        "The file defines a response format that no item names.",
        "Remove it, or name it at the items that should have it.",
        "Nothing.",
    ),
    "INSTRUMENT_DIRECTION": Code(
        "The writing direction does not fit the language",
        "The declared direction is not the one the language is written in.",
        "Set direction to rtl for Persian, Arabic, Hebrew or Urdu, to ltr for English or Russian.",
        "Nothing.",
    ),
    "INSTRUMENT_ARABIC_LETTERS": Code(
        "Arabic letters in a Persian text",
        "Arabic yeh or kaf stands where Persian has its own letter; searching, sorting and screen readers stumble.",
        "Replace them by the Persian letters.",
        "Nothing.",
    ),
    "INSTRUMENT_PARAPHRASE": Code(
        "The item texts are a paraphrase",
        "The texts measure what the published items ask in other words; their validity is not established.",
        "For a study that will be compared with others, obtain the published wording and load it.",
        "Write that a paraphrase was used, not the validated wording, and compare with no published norm or cut-off.",
    ),
    "INSTRUMENT_TRANSLATION_STATUS": Code(
        "A translation has not been piloted",
        "The status says how far a translation was checked: draft, reviewed, back-translated, piloted.",
        "Have drafts reviewed and back-translated, then piloted with a few respondents.",
        "Report how the translation was made and checked.",
    ),
    "INSTRUMENT_UNVERIFIED": Code(
        "Facts that nobody has checked",
        "Parts of the instrument file were written from memory and await a source.",
        "Check them against the source, then replace unverified by the source.",
        "Cite only what has a source.",
    ),
    "RESPONSES_MISSING_CODES": Code(
        "Missing codes were read as no answer",
        "Values that stand for refused, not shown or unknown were set to missing before anything was computed.",
        "Check that the counts are what you expect.",
        "Report the codes and how many answers they concern.",
    ),
    "RESPONSES_OUT_OF_RANGE": Code(
        "Answers outside the response range",
        "An answer lies below or above what the item can take; it is treated as missing and never computed with.",
        "Look the rows up in the source of the data: typing errors, or a missing code that was not declared.",
        "Report how many answers were out of range and that they were treated as missing.",
    ),
    "RESPONSES_FRACTIONS": Code(
        "Answers that are not whole numbers",
        "The response format has whole numbers only, but fractions were found, as after imputation or averaging.",
        "Find out what was done to the file before; analyse the raw answers where you can.",
        "Say how the values came about.",
    ),
    "RESPONSES_ID_REPEATED": Code(
        "A respondent's id stands in several rows",
        "The same person may have answered twice, or the file holds several waves.",
        "Keep one row a person, or analyse the waves apart.",
        "Report how repeated entries were treated.",
    ),
    "RESPONSES_ENCODING_GUESSED": Code(
        "The encoding of the file was guessed",
        "The file is not UTF-8. Numbers are not concerned, but names and texts may be wrong.",
        "Look at a few texts; save the file as CSV UTF-8.",
        "Nothing.",
    ),
    "RESPONSES_DECIMAL_COMMA": Code(
        "A comma was read as the decimal mark",
        "Numbers in the file have a comma and never a point.",
        "Check that the comma does not separate thousands.",
        "Nothing.",
    ),
    "RESPONSES_EMPTY_ROWS": Code(
        "Empty rows at the end of the file",
        "Spreadsheets leave empty rows behind; those at the end were not counted as respondents.",
        "Nothing, if no respondent is lost.",
        "Nothing.",
    ),
    "SCORING_NO_SCORE": Code(
        "A scale has no score at all",
        "Nobody answered enough of its items.",
        "Check the columns of its items, their response range and the missing codes.",
        "Name the scale and why it could not be used.",
    ),
    "SCORING_TOO_FEW_ANSWERED": Code(
        "Respondents without a score on a scale",
        "They answered fewer items than the scale's minimum.",
        "Look whether they differ from the others.",
        "Report the minimum of answered items and how many respondents have no score.",
    ),
    "SCORING_PARTLY_ANSWERED": Code(
        "Scores from partly answered scales",
        "Missing items were left out of the mean, which equals replacing them by the respondent's own mean.",
        "Fine with few missing answers and similar items; otherwise think of multiple imputation.",
        "Report the rule and how many scores rest on it.",
    ),
    "SCREENING_FLAGGED": Code(
        "Respondents were flagged",
        "A screening rule found something unusual; by itself this removes nobody.",
        "Look at the reasons; repeat the main analysis without the flagged rows and compare.",
        "Report the rules, their settings, how many were flagged and what was done with them.",
    ),
    "SCREENING_EXCLUDED": Code(
        "Respondents were removed",
        "The rules named under exclude removed the rows they flagged.",
        "Decide on the rules before looking at results.",
        "Report N before and after, by rule, and whether results change with all respondents.",
    ),
    "SCREENING_NOBODY_LEFT": Code(
        "No respondent is left",
        "The rules under exclude removed every row.",
        "Loosen the settings or take rules off exclude.",
        "Nothing.",
    ),
    "SCREENING_RULE_NOT_APPLIED": Code(
        "A screening rule could not be applied",
        "What the rule needs is not there: a response range, enough complete rows, items that vary and do not repeat.",
        "The message says what is missing.",
        "Do not report the rule as used.",
    ),
    "SCREENING_INCOMPLETE_ROWS": Code(
        "Rows without a Mahalanobis distance",
        "The distance needs an answer to every item, so incomplete rows cannot be judged by it.",
        "Judge them by the other rules.",
        "Report how many rows the rule could not judge.",
    ),
    "SCREENING_FEW_ITEMS": Code(
        "Equal rows with few items",
        "With few items many people answer alike by chance; an equal row is weak evidence of a double entry.",
        "Do not remove duplicates on these items alone.",
        "Nothing.",
    ),
    "ITEMS_EMPTY": Code(
        "An item nobody answered",
        "The column holds no usable answer, so the item has no figures.",
        "Check the column's name and its missing codes; an item nobody was asked does not belong in the data.",
        "Report that the item was not answered and leave it out of the scale, with the reason.",
    ),
    "ITEMS_CONSTANT": Code(
        "An item everybody answered alike",
        "Without variance there is no skewness, no kurtosis and no correlation with anything.",
        "Check how the column was read. If the answers are real, the item cannot tell people apart: leave it out.",
        "Report the item and that it was left out because it did not vary.",
    ),
    "ITEMS_FEW_ANSWERS": Code(
        "Too few answers for the shape of the distribution",
        "Skewness takes three answers and kurtosis four.",
        "Collect more answers, or report the item without these figures.",
        "Report n beside the item.",
    ),
    "ITEMS_REVERSED": Code(
        "Items shown after reversal",
        "The figures of these items are about the mirrored answers, as the scale uses them, not those given.",
        "Read their means in the direction of the scale.",
        "Mark the items with (R) and say that they were reversed before the analysis.",
    ),
    "ITEMS_RANGE_FROM_DATA": Code(
        "Floor and ceiling taken from the data",
        "Without an instrument nobody knows which answers were possible; the smallest and largest ones found stand in.",
        "Name the instrument of the sample, or read these percents as lower bounds of nothing but the data.",
        "Say that floor and ceiling refer to the smallest and the largest answer observed.",
    ),
    "ITEMS_MANY_VALUES": Code(
        "An item not listed answer by answer",
        "It has fractions or more than 20 different values, so a table of its answers would say little.",
        "Read its mean, standard deviation and shape instead.",
        "Nothing.",
    ),
    "RELIABILITY_ROWS_DROPPED": Code(
        "Rows left out of the reliability of a scale",
        "Alpha and omega are computed from respondents who answered every item of the scale.",
        "Compare those left out with the others where they are many.",
        "Report n of each scale and how many rows were left out for missing answers.",
    ),
    "RELIABILITY_SINGLE_ITEM": Code(
        "A scale of one item",
        "Internal consistency compares items with each other; one item has nothing to be compared with.",
        "Use a test-retest correlation or a published reliability, or measure the construct with more items.",
        "Say that the construct was measured by one item and that its internal consistency is unknown.",
    ),
    "RELIABILITY_TWO_ITEMS": Code(
        "A scale of two items",
        "Two items do not identify a factor, so there is no omega; alpha is too low unless the items are parallel, "
        "and the Spearman-Brown coefficient is the recommended figure (Eisinga, te Grotenhuis & Pelzer, 2013).",
        "Report Spearman-Brown, and the correlation of the two items with it.",
        "The reliability of the two-item scale was estimated by the Spearman-Brown coefficient.",
    ),
    "RELIABILITY_FORMATIVE": Code(
        "Internal consistency of a formative scale",
        "The instrument says that the items make up the construct; such items need not correlate with each other.",
        "Do not judge the scale by alpha or omega; look at the content and at overlap between the items.",
        "Say that the scale is formative and that internal consistency does not apply.",
    ),
    "RELIABILITY_NEGATIVE_ITEM": Code(
        "An item against the rest of its scale",
        "People high on the other items are low on this one: it is probably keyed the other way and was not reversed.",
        "Check the item's wording and its reverse key. Do not reverse an item only because it correlates negatively.",
        "Report the item-rest correlation and what became of the item.",
    ),
    "RELIABILITY_NEGATIVE_ALPHA": Code(
        "A negative alpha",
        "The covariances between the items are negative on balance: items keyed in both directions stand together.",
        "Reverse the items keyed the other way and compute again.",
        "Do not report a negative alpha as a reliability.",
    ),
    "RELIABILITY_OMEGA_FAILED": Code(
        "No omega",
        "The one-factor model behind omega could not be estimated with these items.",
        "Read the reason in the message; items that repeat each other or hardly correlate are the usual one.",
        "Report alpha, and that omega could not be estimated.",
    ),
    "RELIABILITY_OMEGA_IMPROPER": Code(
        "An omega that is not given",
        "The one-factor model has an improper solution, such as a negative residual variance, so an omega made of it "
        "would mean nothing.",
        "Look at the items: one that hardly belongs to the scale, or two that nearly repeat each other.",
        "Report alpha, and that the one-factor model of the scale was improper.",
    ),
    "RELIABILITY_BOOTSTRAP_SKIPPED": Code(
        "Bootstrap samples that could not be used",
        "In some samples of the rows an item did not vary, so alpha did not exist there.",
        "Use the Feldt interval where many were skipped.",
        "Report how many bootstrap samples were used.",
    ),
    "RELIABILITY_TOO_FEW_ROWS": Code(
        "Too few complete rows for the reliability of a scale",
        "With no more respondents than items the covariances say nothing.",
        "Collect more answers, or leave out the item with the most missing ones.",
        "Report n and that reliability could not be estimated.",
    ),
    "RELIABILITY_CONSTANT_ITEM": Code(
        "An item that does not vary",
        "Everybody who answered the scale gave this item the same answer, so it cannot correlate with the others.",
        "Check how the column was read; leave the item out if the answers are real.",
        "Report the item and that it was left out because it did not vary.",
    ),
    "RELIABILITY_NO_TOTAL_VARIANCE": Code(
        "Items that cancel in their sum",
        "The sum of the items is the same for everybody, so the scale separates nobody.",
        "Reverse the items keyed the other way.",
        "Nothing: correct the key and compute again.",
    ),
    "CORRELATIONS_ROWS_DROPPED": Code(
        "Rows left out of the correlations",
        "All correlations of one table rest on the same respondents: those with every variable.",
        "Leave out the variable with the most missing values where many rows are lost.",
        "Report N and how many rows were left out for missing values.",
    ),
    "CORRELATIONS_PERFECT": Code(
        "A correlation of exactly 1",
        "One variable is computed from the other, or both are the same column.",
        "Take one of the two out.",
        "Nothing: correct the list of variables.",
    ),
    "CORRELATIONS_CONSTANT": Code(
        "A variable that does not vary",
        "What is the same for everybody correlates with nothing.",
        "Take the variable out.",
        "Report that the variable did not vary.",
    ),
    "CORRELATIONS_ONE_VARIABLE": Code(
        "Fewer than two variables",
        "A correlation is about two variables.",
        "Name at least two.",
        "Nothing.",
    ),
    "CORRELATIONS_TOO_FEW_ROWS": Code(
        "Too few complete rows for correlations",
        "An interval of a correlation takes four rows.",
        "Collect more answers, or leave out the variable with the most missing values.",
        "Report N and that correlations were not computed.",
    ),
    "REGRESSION_ROWS_DROPPED": Code(
        "Rows left out of the regression",
        "Every step of the regression rests on the same respondents: those with every variable of the formula.",
        "Compare those left out with the others where they are many.",
        "Report N and how many rows were left out for missing values.",
    ),
    "REGRESSION_FACTOR": Code(
        "A variable entered as a factor",
        "A variable that is not a number enters as one indicator for each level but the first, the reference level.",
        "Check the levels; choose another reference with C(x, contr.treatment('level')).",
        "Name the reference level.",
    ),
    "REGRESSION_HETEROSCEDASTIC": Code(
        "Residuals with unequal spread",
        "Classical standard errors assume one residual variance, and the Breusch-Pagan test speaks against it.",
        "Use standard errors that do not assume it: se='HC3'.",
        "Report the test and use heteroscedasticity-consistent standard errors.",
    ),
    "REGRESSION_INFLATED": Code(
        "Predictors that can hardly be told apart",
        "A variance inflation factor above 10, a convention, means that the other predictors explain 90 % of a "
        "predictor; products and powers of uncentred variables always show it.",
        "Centre variables before multiplying them; combine or drop predictors that measure the same thing.",
        "Report the variance inflation factors and what follows for the coefficients.",
    ),
    "REGRESSION_INFLUENTIAL": Code(
        "Single rows that move the coefficients",
        "Cook's distance above 1 marks a respondent without whom the coefficients would be clearly different.",
        "Look at these rows; report the regression with and without them.",
        "Report how many rows had a Cook's distance above 1 and what changes without them.",
    ),
    "REGRESSION_NO_INTERCEPT": Code(
        "A regression without intercept",
        "R-squared and F compare with a prediction of zero, not with the mean, and so look larger.",
        "Keep the intercept unless theory says that the outcome is zero where all predictors are.",
        "Say that the model has no intercept and that R-squared is taken about zero.",
    ),
    "REGRESSION_COLLINEAR": Code(
        "A predictor that others determine",
        "It can be computed exactly from other predictors, so the coefficients have no unique values.",
        "Take it out of the formula.",
        "Nothing: correct the formula.",
    ),
    "REGRESSION_CONSTANT": Code(
        "A variable of the regression that does not vary",
        "What is the same for everybody explains nothing and cannot be explained.",
        "Take it out of the formula.",
        "Report that the variable did not vary.",
    ),
    "REGRESSION_TOO_FEW_ROWS": Code(
        "Too few rows for the regression",
        "There must be more complete rows than coefficients; many more for coefficients worth reading.",
        "Take predictors out or collect more answers.",
        "Report N and that the regression was not computed.",
    ),
    "REGRESSION_NOT_FINITE": Code(
        "A transformation without a finite value",
        "A logarithm of zero or less, or a power too large, has no value to compute with.",
        "Transform otherwise (say log(x + 1)) or leave those rows out.",
        "Name the transformation that was used.",
    ),
    "REGRESSION_PERFECT_FIT": Code(
        "An outcome reproduced exactly",
        "The predictors give the outcome without error, as when a scale score is regressed on its own items.",
        "Take out of the formula what the outcome was computed from.",
        "Nothing: correct the formula.",
    ),
    "REGRESSION_FULL_LEVERAGE": Code(
        "Rows with a coefficient of their own",
        "Such a row is fitted exactly, its residual is zero, and HC2 and HC3 standard errors do not exist.",
        "Merge factor levels with one respondent, or use se='HC1'.",
        "Report which levels were merged.",
    ),
    "ENGINE_NOT_RUN": Code(
        "No check by a second engine",
        "The other package does not fit this model, or it failed; our own numbers are not touched by that.",
        "Read the reason in the message.",
        "Do not claim that the solution was checked by a second program.",
    ),
    "ENGINE_WARNED": Code(
        "The second engine warned",
        "The other package ran, and said something while it did.",
        "Read the message; what it is about may concern this model too.",
        "Nothing.",
    ),
    "ENGINE_STOPPED_SHORT": Code(
        "The second engine stopped before the minimum",
        "Its test statistic is above ours, so its estimates are not the best ones and prove nothing against ours.",
        "Nothing; the check does not count.",
        "Do not claim that the solution was checked by a second program.",
    ),
    "ENGINE_FOUND_BETTER": Code(
        "The second engine found a better solution",
        "Its test statistic is below ours: our estimates are not the best ones.",
        "Do not use our estimates; try other start values, and tell us.",
        "Do not report this solution.",
    ),
    "ENGINE_DIFFERS": Code(
        "Two engines, two solutions",
        "An estimate differs by more than a hundredth of its standard error.",
        "Read the other notes of the check: they say which of the two reached the minimum.",
        "Report that two programs disagree, and by how much.",
    ),
    "STUDY_SIMULATED_DATA": Code(
        "The answers are simulated",
        "The study says that the answers of a sample were made by a program; nothing in the report is a finding.",
        "Put real answers in their place and take `simulated: true` out of study.yaml.",
        "Say that the data are simulated, with the program and the seed; never report them as answers of people.",
    ),
    "STUDY_EXTRA_FAILED": Code(
        "Something beside an analysis could not be computed",
        "The analysis itself stands; what is missing is what would stand beside it (a check, an interval, a table).",
        "Read the sentence: it says what stopped it. If it names a fault of crmstudy, report it.",
        "Leave out what is missing, or say that it could not be computed and why.",
    ),
}
