import { type ReactNode, useCallback, useMemo } from "react";
import type { ModelDetail, Row } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { number } from "../../lib/format";
import type { Route } from "../../lib/route";
import { useChoice, useRoute } from "../../state/route";
import { moment, useZone } from "../zone";
import { isRight, shown } from "./rows";

/** Features that are shown where nobody has chosen any. */
const AT_FIRST = 6;

/** Rows with their prediction and label, and the features that one has chosen. */
export function RowsTable({ model, rows }: { model: ModelDetail; rows: Row[] }): ReactNode {
  const [zone] = useZone();
  const { path, query } = useRoute();
  const features = useMemo(
    () => model.columns.filter((column) => column.role === "feature").map((column) => column.name),
    [model],
  );
  const [text, choose] = useChoice("show");
  const chosen = useMemo(
    () =>
      text
        ? text.split(",").filter((name) => features.includes(name))
        : features.slice(0, AT_FIRST),
    [text, features],
  );
  const to = useCallback(
    (row: Row): Route => ({ path, query: { ...query, row: row.id, on: row.time } }),
    [path, query],
  );
  const columns = useMemo(
    () => columnsOf(model, chosen, (iso) => moment(iso, zone), to),
    [model, chosen, zone, to],
  );
  return (
    <>
      <FeatureChoice
        features={features}
        chosen={chosen}
        onChange={(names) => choose(names.join(","))}
      />
      <DataTable
        id="rows"
        caption="Predictions"
        columns={columns}
        rows={rows}
        rowKey={(row) => `${row.id} ${row.time} ${row.version}`}
        to={to}
      />
    </>
  );
}

function FeatureChoice(props: {
  features: string[];
  chosen: string[];
  onChange: (names: string[]) => void;
}): ReactNode {
  const { features, chosen } = props;
  if (features.length <= AT_FIRST) return null;
  return (
    <details className="feature-choice">
      <summary>
        {chosen.length} of {features.length} features shown
      </summary>
      <ul>
        {features.map((name) => (
          <li key={name}>
            <label>
              <input
                type="checkbox"
                checked={chosen.includes(name)}
                onChange={(event) =>
                  props.onChange(
                    event.target.checked
                      ? features.filter((each) => chosen.includes(each) || each === name)
                      : chosen.filter((each) => each !== name),
                  )
                }
              />{" "}
              <bdi>{name}</bdi>
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** A value on one line; what is cut off stands in its title, and in the row when it is opened. */
function Cut({ text }: { text: string }): ReactNode {
  return (
    <bdi className="cut" title={text.length > 24 ? text : undefined}>
      {text}
    </bdi>
  );
}

function columnsOf(
  model: ModelDetail,
  features: string[],
  show: (iso: string) => string,
  to: (row: Row) => Route,
): Column<Row>[] {
  const kinds = new Map(model.columns.map((column) => [column.name, column.kind]));
  const isClassed = model.task === "binary" || model.task === "multiclass";
  const right: Column<Row> = {
    id: "right",
    title: "Verdict",
    value: (row) => {
      const found = isRight(row);
      return found === null ? null : Number(found);
    },
    cell: (row) => {
      const found = isRight(row);
      if (found === null) return <span className="faint">no label yet</span>;
      return (
        <Mark reading={found ? { word: "right", tone: "pass" } : { word: "wrong", tone: "fail" }} />
      );
    },
  };
  return [
    {
      id: "time",
      title: "Time",
      value: (row) => row.time,
      cell: (row) => <Link to={to(row)}>{show(row.time)}</Link>,
    },
    {
      id: "prediction",
      title: "Prediction",
      align: "end",
      value: (row) => row.prediction,
      cell: (row) => <Cut text={shown(row.prediction)} />,
    },
    {
      id: "score",
      title: "Score",
      align: "end",
      value: (row) => row.score,
      cell: (row) => number(row.score),
    },
    {
      id: "label",
      title: "Label",
      align: "end",
      value: (row) => row.label,
      cell: (row) => <Cut text={shown(row.label)} />,
    },
    ...(isClassed ? [right] : []),
    {
      id: "version",
      title: "Version",
      hide: "wide-only",
      value: (row) => row.version,
      cell: (row) => <Cut text={shown(row.version)} />,
    },
    ...features.map(
      (name): Column<Row> => ({
        id: name,
        title: name.length > 24 ? `${name.slice(0, 23)}…` : name,
        hint: name,
        ...(kinds.get(name) === "numeric" ? { align: "end" as const } : {}),
        hide: "phone-hide",
        value: (row) => {
          const value = row.features[name];
          return typeof value === "number" || typeof value === "string" ? value : null;
        },
        cell: (row) => <Cut text={shown(row.features[name])} />,
      }),
    ),
  ];
}
