import type { ReactNode } from "react";
import type { ComparisonDocument } from "../../api/document";
import { Section } from "../../components/Section";
import { counted, percent, range, setting } from "../../lib/format";
import { correctionTitle } from "../../lib/words";

/** How the numbers came about, for the reader who wants to check them. */
export function About({ document }: { document: ComparisonDocument }): ReactNode {
  const { drift, generator, reference, current, model } = document;
  return (
    <Section id="method" title="Method">
      <div className="soft prose">
        <p>
          Reference {reference.name}: {counted(reference.rows, "row")}
          {dates(reference.start, reference.end)}. Current {current.name}:{" "}
          {counted(current.rows, "row")}
          {dates(current.start, current.end)}.
          {model?.task ? ` Model: ${model.name ?? "unnamed"}, ${model.task}.` : ""} All times are
          UTC.
        </p>
        <p>
          A column is called drifted when its distribution, its missing values or its new categories
          moved further than the tolerance of {setting(drift.tolerance)}, and by more than chance
          explains: adjusted p below {setting(drift.alpha)} against the hypothesis that the effect
          is within the tolerance, corrected across columns after{" "}
          {correctionTitle(drift.correction)}. A change beyond chance but within the tolerance is
          ‘changed, harmless’. Effects are the Kolmogorov–Smirnov distance for numbers, times and
          lengths, and the total variation distance for categories. Intervals cover {percent(0.95)}.
          ‘Not enough data’ means that the sample could not have shown a change of the size that
          matters.
        </p>
        <p>
          {generator.name === "watchkeeper" ? "Watchkeeper" : generator.name} {generator.version},
          document schema {document.schema_version}. This file holds all its data and asks for
          nothing over the network.
        </p>
      </div>
    </Section>
  );
}

const dates = (start?: string | null, end?: string | null): string =>
  range(start, end) ? `, ${range(start, end)}` : "";
