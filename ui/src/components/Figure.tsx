import { type ReactNode, useState } from "react";

export interface FigureTable {
  columns: string[];
  rows: (string | number)[][];
}

interface Props {
  title: ReactNode;
  aside?: ReactNode;
  /** One sentence on how to read it. */
  note?: ReactNode;
  /** A function where the table is large: it is made when somebody asks for it. */
  table: FigureTable | (() => FigureTable);
  className?: string;
  children: ReactNode;
}

/** A chart with its title, which turns into its table and back. */
export function Figure({ title, aside, note, table, className, children }: Props): ReactNode {
  const [isTable, setTable] = useState(false);
  return (
    <figure className={className ? `figure ${className}` : "figure"}>
      <header>
        {title ? <h3>{title}</h3> : null}
        {aside}
        <button
          type="button"
          className="text-button"
          aria-pressed={isTable}
          onClick={() => setTable(!isTable)}
        >
          {isTable ? "Show chart" : "Show table"}
        </button>
      </header>
      {isTable ? <FigureRows table={typeof table === "function" ? table() : table} /> : children}
      {note ? <p>{note}</p> : null}
    </figure>
  );
}

function FigureRows({ table }: { table: FigureTable }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="scroll" tabIndex={0} aria-label="Table of the chart">
      <table className="plain-table">
        <thead>
          <tr>
            {table.columns.map((column, place) => (
              <th key={column} scope="col" className={place ? "end" : undefined}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, line) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a chart have no name but their place.
            <tr key={line}>
              {row.map((cell, place) => (
                <td key={table.columns[place]} className={place ? "end" : undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
