import type { Change, Direction, Status, Verdict } from "../api/document";

/** What a mark looks like; each has its own shape, so that colour never speaks alone. */
export type Tone = "fail" | "warn" | "pass" | "none";

export interface Reading {
  word: string;
  tone: Tone;
}

/** How a column's verdict reads: significant but within tolerance is 'changed, harmless'. */
export function readVerdict(
  verdict: Verdict | null | undefined,
  change?: Change | null | undefined,
): Reading {
  if (verdict === "drifted") return { word: "drifted", tone: "fail" };
  if (verdict === "not_enough_data") return { word: "not enough data", tone: "none" };
  if (verdict === "stable") {
    return change === "harmless"
      ? { word: "changed, harmless", tone: "warn" }
      : { word: "stable", tone: "pass" };
  }
  return { word: "unknown", tone: "none" };
}

/** How a check's status reads. */
export function readStatus(status: Status | null | undefined): Reading {
  if (status === "fail") return { word: "failed", tone: "fail" };
  if (status === "warn") return { word: "warned", tone: "warn" };
  if (status === "pass") return { word: "passed", tone: "pass" };
  if (status === "not_enough_data") return { word: "not enough data", tone: "none" };
  return { word: "not checked", tone: "none" };
}

/** Whether a difference is for the worse; null where no direction is better or nothing moved. */
export function readChange(
  change: number | null | undefined,
  direction: Direction | undefined,
): "worse" | "better" | null {
  if (!change || !direction || direction === "none") return null;
  return change > 0 === (direction === "higher") ? "better" : "worse";
}

const ACRONYMS: Record<string, string> = {
  auc: "AUC", brier: "Brier", cramer: "Cramér", ctr: "CTR", ece: "ECE", f1: "F1",
  hellinger: "Hellinger", jensen: "Jensen", kl: "KL", kolmogorov: "Kolmogorov", ks: "KS",
  mae: "MAE", mape: "MAPE", matthews: "Matthews", mce: "MCE", mrr: "MRR", ndcg: "NDCG", pr: "PR",
  psi: "PSI", r2: "R²", rmse: "RMSE", roc: "ROC", shannon: "Shannon", smirnov: "Smirnov",
  anderson: "Anderson", darling: "Darling", mises: "Mises", wasserstein: "Wasserstein",
  fpr: "FPR", tpr: "TPR", mse: "MSE", chi: "χ²", js: "JS", g: "G", std: "std",
}; // biome-ignore format: one table
const TITLES: Record<string, string> = { chi_squared: "χ²", g_test: "G-test", r2: "R²" };

/** The title of a metric from its name: words apart, acronyms in their own case. */
export function metricTitle(metric: string): string {
  return (
    TITLES[metric] ??
    metric
      .replaceAll("_", " ")
      .split(" ")
      .map((word) => {
        const [stem = "", ...rest] = word.split("@");
        return [ACRONYMS[stem.toLowerCase()] ?? stem, ...rest].join("@");
      })
      .join(" ")
  );
}

/** A title at the start of a line or a table cell. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A sentence with its full stop; its first word may be a column's name and stays as it is. */
export function ended(text: string): string {
  const clean = text.trim();
  return /[.!?…]$/.test(clean) ? clean : `${clean}.`;
}

/** A reason as a sentence of its own: a capital and a full stop. */
export function sentence(text: string | null | undefined): string {
  const clean = (text ?? "").trim();
  return clean === "" ? "" : ended(capital(clean));
}

const ABOUT: Record<string, string> = {
  ks: "Largest gap between the two cumulative distributions, 0 to 1",
  total_variation: "Share of rows that would have to change category, 0 to 1",
  wasserstein: "Mean distance a value has to move, in the column's unit",
  psi: "Population stability index on reference deciles; grows with bins ÷ rows by chance alone",
  psi_corrected: "PSI less what chance alone gives at these row counts",
  jensen_shannon: "Jensen–Shannon distance, 0 to 1",
  kl_divergence: "Kullback–Leibler divergence of current from reference",
  hellinger: "Hellinger distance, 0 to 1",
  mean_shift: "Difference of the means, in reference standard deviations",
  chi_squared: "Test of equal category shares",
  g_test: "Likelihood-ratio test of equal category shares",
  missing_share: "Change in the share of rows without a value",
  new_category_share: "Share of rows in categories the reference does not have",
  vanished_category_share: "Reference share of categories that no longer occur",
};

/** One line on what a metric says; nothing where the name says it all. */
export const metricAbout = (metric: string): string | undefined => ABOUT[metric];

/** Names of roles, kinds and groups as they stand in a table. */
export const plainWord = (name: string | null | undefined): string =>
  (name ?? "–").replaceAll("_", " ");

const CORRECTIONS: Record<string, string> = {
  "benjamini-hochberg": "Benjamini–Hochberg",
  bonferroni: "Bonferroni",
  holm: "Holm",
};

/** The name of a multiple-testing correction. */
export const correctionTitle = (name: string): string => CORRECTIONS[name] ?? plainWord(name);
