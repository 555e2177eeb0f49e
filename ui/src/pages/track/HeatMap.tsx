import { type KeyboardEvent, memo, type ReactNode, useMemo, useRef } from "react";
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

/** The effect of every column in every window, by colour; a diamond where it drifted. */
export function HeatSection({ document }: { document: TrackDocument }): ReactNode {
  const [search, setSearch] = useChoice("q");
  const all = useMemo(() => heatRows(document), [document]);
  const top = useMemo(
    () => niceTop(heatTop(all, document.tolerance ?? TOLERANCE)),
    [all, document.tolerance],
  );
  const rows = useMemo(() => all.filter((row) => matches(row.name, search)), [all, search]);
  const table = () => ({
    columns: ["Column", ...document.windows.map((window) => window.name)],
    rows: rows.map((row) => [row.name, ...row.column.effect.map((value) => number(value))]),
  });
  return (
    <Section
      id="drift"
      title="Drift over time"
      lead="Columns by their largest effect. Click a cell to open its window, a name for the column."
    >
      <div className="tools">
        <SearchBox label="Search columns" value={search} onChange={setSearch} />
        <span className="faint" aria-live="polite">
          {rows.length === all.length
            ? ""
            : `${count(rows.length)} of ${count(all.length)} columns`}
        </span>
      </div>
      <Figure title={<HeatLegend top={top} />} table={table}>
        {rows.length ? (
          <HeatMap rows={rows} windows={document.windows} top={top} />
        ) : (
          <p className="empty">No column matches. Empty the search to see all.</p>
        )}
      </Figure>
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

function HeatMap({
  rows,
  windows,
  top,
}: {
  rows: HeatRow[];
  windows: TrackWindow[];
  top: number;
}): ReactNode {
  const body = useRef<HTMLDivElement>(null);
  const [first, last] = useVisibleRows(body, rows.length, HEIGHT, 60);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys only move between the buttons inside.
    <div className={windows.length > 60 ? "heat close" : "heat"} onKeyDown={moveBetweenCells}>
      <HeatAxis windows={windows} />
      <div ref={body}>
        <div style={{ height: first * HEIGHT }} />
        {rows.slice(first, last).map((row, place) => (
          <Row key={row.name} row={row} windows={windows} top={top} isEntry={first + place === 0} />
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

const Row = memo(function Row(props: {
  row: HeatRow;
  windows: TrackWindow[];
  top: number;
  isEntry: boolean;
}): ReactNode {
  const { row, windows, top } = props;
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
            top={top}
            isEntry={props.isEntry && place === 0}
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
      title={label}
      aria-label={label}
      onClick={() => navigate({ path: ["window", String(place)], query: {} })}
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
