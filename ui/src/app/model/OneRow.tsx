import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { ModelDetail, Row } from "../../api/schema";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { navigate, useRoute } from "../../state/route";
import { HOUR, hourOf } from "../hours";
import { Failed, Skeleton } from "../shell/states";
import { moment, useZone } from "../zone";
import { askModel } from "./queries";
import { factsOf, isRight, shown } from "./rows";

/** The hour of a prediction: among all hours, looking for one id takes long. */
function around(on: string | undefined): string {
  const at = Date.parse(on ?? "");
  return Number.isFinite(at) ? `${hourOf(at)}..${hourOf(at + HOUR)}` : "all";
}

/** One prediction in full. */
export function OneRow(props: {
  model: ModelDetail;
  id: string;
  /** The row, where the page has it already. */
  known: Row | undefined;
}): ReactNode {
  const { model, id, known } = props;
  const { path, query } = useRoute();
  const [zone] = useZone();
  const found = useQuery({
    ...askModel.rows(model.name, { id, window: around(query.on), limit: 1 }),
    enabled: known === undefined,
  });
  const row = known ?? found.data?.rows[0];
  const right = row ? isRight(row) : null;
  return (
    <section className="one-row" aria-label={`Prediction ${id}`}>
      <header>
        <h2>
          <bdi>{id}</bdi>
        </h2>
        {row ? <span className="soft">{moment(row.time, zone)}</span> : null}
        {right === null ? null : (
          <Mark
            reading={right ? { word: "right", tone: "pass" } : { word: "wrong", tone: "fail" }}
          />
        )}
        <button
          type="button"
          className="button"
          onClick={() => navigate({ path, query: { ...query, row: "", on: "" } }, true)}
        >
          Close the row
        </button>
      </header>
      {!row && found.isPending ? (
        <Skeleton height={160} label="Loading the row" />
      ) : !row && found.isError ? (
        <Failed error={found.error} what="The row" />
      ) : !row ? (
        <p className="empty">
          There is no prediction of that id any more; it may be older than what is kept.
        </p>
      ) : (
        <div className="columns">
          <dl>
            {factsOf(row).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <dl>
            {Object.entries(row.features).map(([name, value]) => (
              <div key={name}>
                <dt>
                  <Link to={{ path: ["feature", name], query: {} }}>
                    <bdi>{name}</bdi>
                  </Link>
                </dt>
                <dd>
                  <bdi>{shown(value)}</bdi>
                </dd>
              </div>
            ))}
          </dl>
        </div>
      )}
    </section>
  );
}
