import type { ReactNode } from "react";
import type { Quality, RuleResult, Score } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { StatusMark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Empty, Legend, Section, Sub } from "../../components/Section";
import { count, number, percent } from "../../lib/format";
import { capital, plainWord } from "../../lib/words";
import { ColumnQualityTable } from "./ColumnQuality";

/** Whether the data are whole and valid: scores, schema, columns, rules, duplicates. */
export function QualitySection(props: {
  quality: Quality | null;
  sides: { reference: string; current: string };
}): ReactNode {
  const { quality } = props;
  if (!quality) return null;
  return (
    <Section id="quality" title="Data quality" aside={<Legend {...props.sides} />}>
      <Scores scores={quality.scores} />
      <SchemaNotes quality={quality} />
      <ColumnQualityTable columns={quality.columns ?? {}} />
      {quality.rules?.length ? (
        <Sub title="Rules">
          <DataTable
            id="rules"
            isFitted
            caption="Row rules"
            columns={RULES}
            rows={quality.rules}
            rowKey={(rule) => rule.name}
          />
        </Sub>
      ) : null}
    </Section>
  );
}

interface ScoreRow extends Score {
  name: string;
}

function Scores({ scores }: { scores: Record<string, Score> }): ReactNode {
  const rows = Object.entries(scores).map(([name, score]): ScoreRow => ({ name, ...score }));
  return (
    <DataTable
      id="scores"
      isFitted
      caption="Quality scores"
      columns={SCORES}
      rows={rows}
      rowKey={(row) => row.name}
    />
  );
}

/** A score is a share, but for timeliness, which is an age in hours. */
const score = (row: ScoreRow, value: number | null): string =>
  row.name !== "timeliness" ? percent(value) : value === null ? "–" : `${number(value)} h`;

const SCORES: Column<ScoreRow>[] = [
  {
    id: "name",
    title: "Score",
    value: (row) => row.name,
    cell: (row) => <span title={row.note ?? undefined}>{capital(plainWord(row.name))}</span>,
  },
  {
    id: "status",
    title: "Status",
    value: (row) => row.status,
    cell: (row) => <StatusMark status={row.current === null ? null : row.status} />,
  },
  {
    id: "reference",
    title: "Reference",
    align: "end",
    value: (row) => row.reference,
    cell: (row) => score(row, row.reference),
  },
  {
    id: "current",
    title: "Current",
    align: "end",
    value: (row) => row.current,
    cell: (row) => score(row, row.current),
  },
  {
    id: "target",
    title: "Target",
    align: "end",
    value: (row) => row.target,
    cell: (row) =>
      row.target === null
        ? "–"
        : `${row.name === "timeliness" ? "≤" : "≥"} ${score(row, row.target)}`,
  },
];

function SchemaNotes({ quality }: { quality: Quality }): ReactNode {
  const { schema, duplicates } = quality;
  const lines: string[] = [];
  if (schema?.missing.length)
    lines.push(
      `Columns of the reference that the current data lack: ${schema.missing.join(", ")}.`,
    );
  if (schema?.unexpected.length)
    lines.push(`Columns that the reference does not have: ${schema.unexpected.join(", ")}.`);
  for (const { column, expected, got } of schema?.retyped ?? []) {
    lines.push(`${column} is ${got} where the reference has ${expected}.`);
  }
  if (duplicates && duplicates.current !== null) {
    const what = duplicates.kind === "ids" ? "rows repeat an id" : "rows are copies of another";
    lines.push(
      `${duplicates.exact === false ? "About " : ""}${percent(duplicates.current)} of current ${what} (reference ${percent(duplicates.reference)}).`,
    );
  }
  return (
    <Sub title="Schema and duplicates">
      {schema && !schema.missing.length && !schema.unexpected.length && !schema.retyped.length ? (
        <Empty>Every column of the reference is there with its type, and no other.</Empty>
      ) : null}
      <ul className="prose">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Sub>
  );
}

const RULES: Column<RuleResult>[] = [
  {
    id: "name",
    title: "Rule",
    value: (rule) => rule.name,
    cell: (rule) => <Name text={rule.name} />,
  },
  {
    id: "status",
    title: "Status",
    value: (rule) => rule.status,
    cell: (rule) => <StatusMark status={rule.status} />,
  },
  {
    id: "expression",
    title: "Holds when",
    value: (rule) => rule.expression,
    cell: (rule) => <code>{rule.expression}</code>,
    isWrapped: true,
    hide: "phone-hide",
  },
  {
    id: "failed",
    title: "Failed rows",
    align: "end",
    value: (rule) => rule.failed,
    cell: (rule) => count(rule.failed),
  },
  {
    id: "unknown",
    title: "Unknown",
    align: "end",
    value: (rule) => rule.unknown,
    cell: (rule) => count(rule.unknown),
    hide: "phone-hide",
    hint: "Rows where a value that the rule needs is missing",
  },
  {
    id: "share",
    title: "Passed",
    align: "end",
    value: (rule) => rule.share_passed,
    cell: (rule) => percent(rule.share_passed),
  },
  {
    id: "target",
    title: "Target",
    align: "end",
    value: (rule) => rule.target,
    cell: (rule) => (rule.target === null ? "–" : `≥ ${percent(rule.target)}`),
    hide: "phone-hide",
  },
];
