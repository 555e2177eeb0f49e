import { type KeyboardEvent, memo, type ReactNode, useMemo, useRef, useState } from "react";
import type { TrackDocument, TrackWindow } from "../../api/document";
import { Figure } from "../../components/Figure";
import { Link } from "../../components/Link";
import { Name } from "../../components/Name";
import { SearchBox } from "../../components/SearchBox";
import { Section } from "../../components/Section";
import { useVisibleRows } from "../../components/useVisibleRows";
import { count, number, setting } from "../../lib/format";
import { niceTop } from "../../lib/scale";
import { matches } from "../../lib/sort";
import { type HeatRow, heatRows, heatTop } from "../../lib/track";
import { readVerdict } from "../../lib/words";
import { navigate, useChoice } from "../../state/route";

const HEIGHT = 22;
const TOLERANCE = 0.05;

type HeatDocument = Pick<TrackDocument, "windows" | "drift" | "ranking" | "tolerance">;

const openWindow = (place: number) => navigate({ path: ["window", String(place)], query: {} });

/** The effect of every column in every window, by colour; a diamond where it drifted. */
export function HeatSection({
  document,
  lead = "Columns by their largest effect. Click a cell to open its window, a name for the column.",
  onPick = openWindow,
  marked,
  id = "drift",
  limit,
  aside,
}: {
  document: HeatDocument;
  lead?: string;
  onPick?: (place: number, column: string) => void;
  /** The window that somebody looks at. */
  marked?: number;
  id?: string;
  /** Rows shown at first, where a table below holds the search; the rest is one press away. */
  limit?: number;
  aside?: ReactNode;
}): ReactNode {
  const [isWhole, setWhole] = useState(false);
  const [search, setSearch] = useChoice("q");
  const all = useMemo(() => heatRows(document), [document]);
  const top = useMemo(
    () => niceTop(heatTop(all, document.tolerance ?? TOLERANCE)),
    [all, document.tolerance],
  );
  const found = useMemo(() => all.filter((row) => matches(row.name, search)), [all, search]);
  const rows = limit && !isWhole ? found.slice(0, limit) : found;
  const table = () => ({
    columns: ["Column", ...document.windows.map((window) => window.name)],
    rows: rows.map((row) => [row.name, ...row.column.effect.map((value) => number(value))]),
  });
  return (
    <Section id={id} title="Drift over time" lead={lead} aside={aside}>
      {limit ? null : (
        <div className="tools">
          <SearchBox label="Search columns" value={search} onChange={setSearch} />
          <span className="faint" aria-live="polite">
            {rows.length === all.length
              ? ""
              : `${count(rows.length)} of ${count(all.length)} columns`}
          </span>
        </div>
      )}
      <Figure title={<HeatLegend top={top} />} table={table}>
        {rows.length ? (
          <HeatMap
            rows={rows}
            windows={document.windows}
            top={top}
            onPick={onPick}
            marked={marked}
          />
        ) : (
          <p className="empty">No column matches. Empty the search to see all.</p>
        )}
      </Figure>
      {rows.length < found.length ? (
        <button type="button" className="text-button more" onClick={() => setWhole(true)}>
          Show all {count(found.length)} columns
        </button>
      ) : null}
    </Section>
  );
}

function HeatLegend({ top }: { top: number }): ReactNode {
  return (
    <span className="legend">
      <span>
        effect 0 <i className="ramp" /> {setting(top)}
      </span>
      <span>
        <i className="heat-cell drifted key" /> drifted
      </span>
      <span>
        <i className="heat-cell gap key" /> no rows or not measured
      </span>
    </span>
  );
}

interface MapProps {
  windows: TrackWindow[];
  top: number;
  onPick: (place: number, column: string) => void;
  marked: number | undefined;
}

function HeatMap({ rows, ...rest }: MapProps & { rows: HeatRow[] }): ReactNode {
  const { windows } = rest;
  const body = useRef<HTMLDivElement>(null);
  const [first, last] = useVisibleRows(body, rows.length, HEIGHT, 60);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys only move between the buttons inside.
    <div className={windows.length > 60 ? "heat close" : "heat"} onKeyDown={moveBetweenCells}>
      <HeatAxis windows={windows} />
      <div ref={body}>
        <div style={{ height: first * HEIGHT }} />
        {rows.slice(first, last).map((row, place) => (
          <Row key={row.name} row={row} {...rest} isEntry={first + place === 0} />
        ))}
        <div style={{ height: (rows.length - last) * HEIGHT }} />
      </div>
    </div>
  );
}

function HeatAxis({ windows }: { windows: TrackWindow[] }): ReactNode {
  const places = [0, Math.floor((windows.length - 1) / 2), windows.length - 1];
  const shown = [...new Set(places)]
    .map((place) => windows[place])
    .filter((window) => window !== undefined);
  return (
    <div className="heat-row heat-axis">
      <span className="name">window of</span>
      <span className="ticks">
        {shown.map((window) => (
          <span key={window.name}>{window.name}</span>
        ))}
      </span>
      <span className="last">largest</span>
    </div>
  );
}

const Row = memo(function Row(props: MapProps & { row: HeatRow; isEntry: boolean }): ReactNode {
  const { row, windows } = props;
  return (
    <div className="heat-row">
      <Link to={{ path: ["feature", row.name], query: {} }}>
        <Name text={row.name} />
      </Link>
      <div className="heat-cells">
        {windows.map((window, place) => (
          <Cell
            key={window.name}
            row={row}
            window={window}
            place={place}
            top={props.top}
            isEntry={props.isEntry && place === 0}
            isMarked={props.marked === place}
            onPick={props.onPick}
          />
        ))}
      </div>
      <span className="last">{number(row.top)}</span>
    </div>
  );
});

function Cell(props: {
  row: HeatRow;
  window: TrackWindow;
  place: number;
  top: number;
  isEntry: boolean;
  isMarked: boolean;
  onPick: (place: number, column: string) => void;
}): ReactNode {
  const { row, window, place } = props;
  const value = row.column.effect[place] ?? null;
  const verdict = row.column.verdicts[place];
  const kind = value === null ? " gap" : verdict === "drifted" ? " drifted" : "";
  const label = `${row.name}, ${window.name}: ${value === null ? "not measured" : `effect ${number(value)}, ${readVerdict(verdict).word}`}, ${count(window.rows)} rows`;
  return (
    <button
      type="button"
      className={`heat-cell${kind}`}
      style={
        { "--heat": value === null ? 0 : Math.min(1, value / props.top) } as React.CSSProperties
      }
      tabIndex={props.isEntry ? 0 : -1}
      aria-current={props.isMarked ? "true" : undefined}
      title={label}
      aria-label={label}
      onClick={() => props.onPick(place, row.name)}
    />
  );
}

/** Arrow keys go from cell to cell; only one cell is a stop of the tabulator. */
function moveBetweenCells(event: KeyboardEvent): void {
  const cell = (event.target as Element).closest(".heat-cell");
  const row = cell?.closest(".heat-row");
  if (!cell || !row) return;
  const column = [...(cell.parentElement?.children ?? [])].indexOf(cell);
  const target = {
    ArrowLeft: cell.previousElementSibling,
    ArrowRight: cell.nextElementSibling,
    ArrowUp: row.previousElementSibling?.querySelectorAll(".heat-cell")[column],
    ArrowDown: row.nextElementSibling?.querySelectorAll(".heat-cell")[column],
  }[event.key];
  if (!(target instanceof HTMLElement)) return;
  event.preventDefault();
  target.focus();
}
