import { type ReactNode, useMemo } from "react";
import type { ColumnDrift, Drift } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { EffectBar } from "../../components/intervals";
import { Link } from "../../components/Link";
import { Shape, VerdictMark } from "../../components/Mark";
import { MiniDistribution } from "../../components/MiniDistribution";
import { Name } from "../../components/Name";
import { Prose } from "../../components/Prose";
import { Choices, SearchBox } from "../../components/SearchBox";
import { Legend, Section } from "../../components/Section";
import { count, interval, number, percent, pValue, setting } from "../../lib/format";
import { niceTop } from "../../lib/scale";
import { matches } from "../../lib/sort";
import { metricTitle, plainWord, readVerdict, sentence } from "../../lib/words";
import { useChoice } from "../../state/route";

export interface DriftRow {
  name: string;
  rank: number;
  column: ColumnDrift;
}

/** The columns in order of effect; what the ranking forgot comes last. */
export function driftRows(drift: Drift): DriftRow[] {
  const names = [...new Set([...drift.ranking, ...Object.keys(drift.columns)])];
  return names.flatMap((name, rank) => {
    const column = drift.columns[name];
    return column ? [{ name, rank, column }] : [];
  });
}

/** All columns, strongest effect first, and the strongest drawn. */
export function DriftSection(props: {
  drift: Drift;
  sides: { reference: string; current: string };
}): ReactNode {
  const { drift } = props;
  const rows = useMemo(() => driftRows(drift), [drift]);
  const strongest = rows.filter((row) => row.column.verdict === "drifted").slice(0, 6);
  return (
    <Section
      id="drift"
      title="Drift"
      lead="Columns by effect, strongest first. A column has drifted when its change is beyond chance and beyond the tolerance."
      aside={<Legend {...props.sides} />}
    >
      {strongest.length > 0 ? (
        <div className="grid three">
          {strongest.map((row) => (
            <Strongest key={row.name} row={row} />
          ))}
        </div>
      ) : null}
      {drift.reference_warning ? (
        <p className="note">
          <Shape tone="warn" />
          <span>
            <Prose text={sentence(drift.reference_warning)} />
          </span>
        </p>
      ) : null}
      <DriftTable rows={rows} tolerance={drift.tolerance} />
    </Section>
  );
}

function Strongest({ row }: { row: DriftRow }): ReactNode {
  const { column, name } = row;
  return (
    <Link to={{ path: ["feature", name], query: {} }} className="mini">
      <span className="title">
        <b>
          <Name text={name} />
        </b>
        <span className="soft">
          {metricTitle(column.effect?.metric ?? "effect")} {number(column.effect?.value)}
        </span>
      </span>
      <MiniDistribution distribution={column.distribution} width={360} height={84} hasOutside />
      <p>
        <Prose text={sentence(column.reason)} />
      </p>
    </Link>
  );
}

function DriftTable({ rows, tolerance }: { rows: DriftRow[]; tolerance: number }): ReactNode {
  const [search, setSearch] = useChoice("q");
  const [verdict, setVerdict] = useChoice("verdict");
  const shown = useMemo(
    () =>
      rows.filter(
        (row) =>
          matches(
            `${row.name} ${row.column.kind} ${row.column.role} ${wordOf(row.column)}`,
            search,
          ) &&
          (verdict === "" || row.column.verdict === verdict),
      ),
    [rows, search, verdict],
  );
  const columns = useMemo(() => driftColumns(rows, tolerance), [rows, tolerance]);
  const options = verdictOptions(rows);
  return (
    <div className="sub">
      <div className="tools">
        <SearchBox label="Search columns" value={search} onChange={setSearch} />
        {options.length > 2 ? (
          <Choices label="Verdict" value={verdict} options={options} onChange={setVerdict} />
        ) : null}
        <span className="faint" aria-live="polite">
          {shown.length === rows.length
            ? ""
            : `${count(shown.length)} of ${count(rows.length)} columns`}
        </span>
      </div>
      <DataTable
        id="drift"
        caption="Drift of every column"
        columns={columns}
        rows={shown}
        rowKey={(row) => row.name}
        to={(row) => ({ path: ["feature", row.name], query: {} })}
        empty={
          rows.length
            ? "No column matches. Empty the search or choose all verdicts."
            : "No column is common to both data sets, so there is nothing to compare."
        }
      />
    </div>
  );
}

const wordOf = (column: ColumnDrift) => readVerdict(column.verdict, column.change).word;

function verdictOptions(rows: DriftRow[]) {
  const amount = (verdict: string) => rows.filter((row) => row.column.verdict === verdict).length;
  const each = [
    { value: "drifted", word: "drifted" },
    { value: "stable", word: "stable" },
    { value: "not_enough_data", word: "not enough data" },
  ].filter(({ value }) => amount(value) > 0);
  return [
    { value: "", label: "all" },
    ...each.map(({ value, word }) => ({ value, label: `${word} ${count(amount(value))}` })),
  ];
}

const VERDICT_RANK = { drifted: 0, stable: 2, not_enough_data: 3 };

function driftColumns(rows: DriftRow[], tolerance: number): Column<DriftRow>[] {
  const top = niceTop(
    tolerance * 2,
    ...rows.map(({ column }) => Math.max(column.effect?.value ?? 0, column.effect?.high ?? 0)),
  );
  const effect = (row: DriftRow) => row.column.effect;
  return [
    {
      id: "column",
      title: "Column",
      value: (row) => row.name,
      cell: (row) => (
        <Link to={{ path: ["feature", row.name], query: {} }}>
          <Name text={row.name} />
        </Link>
      ),
    },
    {
      id: "kind",
      title: "Kind",
      hide: "wide-only",
      value: (row) => row.column.kind,
      cell: (row) => (
        <span className="soft">
          {row.column.kind}
          {row.column.role === "feature" ? "" : `, ${plainWord(row.column.role)}`}
        </span>
      ),
    },
    {
      id: "verdict",
      title: "Verdict",
      value: (row) => VERDICT_RANK[row.column.verdict] - (row.column.change === "harmless" ? 1 : 0),
      cell: (row) => (
        <VerdictMark verdict={row.column.verdict} change={row.column.change ?? null} />
      ),
    },
    {
      id: "distribution",
      title: "Distribution",
      isFixed: true,
      hide: "phone-hide",
      value: () => null,
      cell: (row) => (
        <MiniDistribution distribution={row.column.distribution} width={96} height={24} />
      ),
    },
    {
      id: "effect",
      title: "Effect",
      align: "end",
      hint: "Kolmogorov–Smirnov distance of numbers, total variation of categories: 0 is no change, 1 is no overlap",
      value: (row) => effect(row)?.value,
      cell: (row) => (
        <span
          title={`${metricTitle(effect(row)?.metric ?? "")} ${number(effect(row)?.value)}, 95 % interval ${interval(effect(row)?.low, effect(row)?.high) || "unknown"}`}
        >
          {number(effect(row)?.value)}
        </span>
      ),
    },
    {
      id: "interval",
      title: `0 to ${setting(top)}, tolerance ${setting(tolerance)}`,
      isFixed: true,
      hide: "phone-hide",
      value: () => null,
      cell: (row) => (
        <EffectBar
          value={effect(row)?.value ?? null}
          low={effect(row)?.low ?? null}
          high={effect(row)?.high ?? null}
          top={top}
          tolerance={tolerance}
          isLoud={row.column.verdict === "drifted"}
        />
      ),
    },
    {
      id: "psi",
      title: "PSI",
      align: "end",
      hide: "phone-hide",
      hint: "Population stability index; by custom 0.1 is moderate, 0.25 significant",
      value: (row) => row.column.metrics.psi?.value,
      cell: (row) => number(row.column.metrics.psi?.value),
    },
    {
      id: "p",
      title: "p adjusted",
      align: "end",
      hide: "phone-hide",
      hint: "Chance of a change this far beyond the tolerance if there were none, corrected for the number of columns",
      value: (row) => row.column.p_adjusted,
      cell: (row) => pValue(row.column.p_adjusted),
    },
    {
      id: "missing",
      title: "Missing",
      align: "end",
      hide: "phone-hide",
      hint: "Share of rows without a value, reference → current",
      value: (row) => missingOf(row.column)[1],
      cell: (row) => {
        const [before, after] = missingOf(row.column);
        return before === after ? (
          <span className="faint">{percent(after)}</span>
        ) : (
          `${percent(before)} → ${percent(after)}`
        );
      },
    },
  ];
}

function missingOf(column: ColumnDrift): [number | null, number | null] {
  return column.distribution?.missing ?? [null, null];
}
