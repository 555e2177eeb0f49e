import { type ReactNode, useEffect, useMemo } from "react";
import type { ColumnDrift, ComparisonDocument } from "../../api/document";
import { Link } from "../../components/Link";
import { VerdictMark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Prose } from "../../components/Prose";
import { Empty } from "../../components/Section";
import { useScrollToTop } from "../../components/useScrollToTop";
import { interval, number, pValue, setting } from "../../lib/format";
import { sidesOf } from "../../lib/sides";
import { metricTitle, plainWord, sentence } from "../../lib/words";
import { navigate } from "../../state/route";
import { driftRows } from "./Drift";
import { FeatureDistribution } from "./FeatureDistribution";
import { MetricsTable, StatisticsTable } from "./FeatureTables";

interface Props {
  document: ComparisonDocument;
  name: string;
  /** What the two sides are called, where the document's names say less. */
  names?: { reference: string; current: string };
}

/** One column: both distributions over each other, and every number on it. */
export function FeaturePage({ document, name, names: sideNames }: Props): ReactNode {
  const column = document.drift.columns[name];
  const names = driftRows(document.drift).map((row) => row.name);
  const place = names.indexOf(name);
  const [before, after] = [names[place - 1], place < 0 ? undefined : names[place + 1]];
  useScrollToTop(name);
  useNeighbourKeys(before, after);
  const sides = useMemo(() => sideNames ?? sidesOf(document), [document, sideNames]);
  return (
    <article className="feature">
      <nav className="crumbs" aria-label="Way back">
        <Link to={{ path: ["drift"], query: {} }}>Drift</Link>
        <span aria-hidden="true">/</span>
        <span>{place < 0 ? "unknown column" : `${place + 1} of ${names.length} by effect`}</span>
        <span className="step">
          {before ? (
            <Link to={featureRoute(before)} label={`Previous: ${before}`}>
              ← <bdi>{before}</bdi>
            </Link>
          ) : null}
          {after ? (
            <Link to={featureRoute(after)} label={`Next: ${after}`}>
              <bdi>{after}</bdi> →
            </Link>
          ) : null}
        </span>
      </nav>
      <h1>
        <Name text={name} full />
      </h1>
      {column ? (
        <FeatureBody column={column} name={name} document={document} sides={sides} />
      ) : (
        <Empty>This report has no column of that name. Go back to the list of columns.</Empty>
      )}
    </article>
  );
}

const featureRoute = (name: string) => ({ path: ["feature", name], query: {} });

function useNeighbourKeys(before: string | undefined, after: string | undefined): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.target instanceof Element && event.target.closest("input, select, dialog")) return;
      const next = event.key === "j" ? after : event.key === "k" ? before : undefined;
      if (next && !event.metaKey && !event.ctrlKey && !event.altKey)
        navigate(featureRoute(next), true);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [before, after]);
}

function FeatureBody(
  props: Props & { column: ColumnDrift; sides: { reference: string; current: string } },
): ReactNode {
  const { column, document, name, sides } = props;
  const { effect } = column;
  return (
    <>
      <p className="facts">
        <VerdictMark verdict={column.verdict} change={column.change ?? null} />
        <span>
          {column.kind}, {plainWord(column.role)}
        </span>
        {effect ? (
          <span>
            {metricTitle(effect.metric)} <b>{number(effect.value)}</b>{" "}
            {interval(effect.low, effect.high) ? `(${interval(effect.low, effect.high)})` : ""},
            tolerance {setting(document.drift.tolerance)}
          </span>
        ) : null}
        <span>
          p adjusted <b>{pValue(column.p_adjusted)}</b>
        </span>
      </p>
      <p className="reason prose">
        <Prose text={sentence(column.reason)} />
      </p>
      {column.detectable?.text ? (
        <p className="soft prose">
          With this many rows, {column.detectable.text.replace(/\.$/, "")}.
        </p>
      ) : null}
      <div className="sub">
        {column.distribution ? (
          <FeatureDistribution
            column={column}
            distribution={column.distribution}
            name={name}
            sides={sides}
          />
        ) : (
          <Empty>There is no distribution to draw: the column holds no values on one side.</Empty>
        )}
      </div>
      <div className="grid">
        <StatisticsTable column={column} sides={sides} />
        <MetricsTable column={column} />
      </div>
    </>
  );
}
