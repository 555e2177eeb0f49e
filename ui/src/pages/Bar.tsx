import type { ReactNode } from "react";
import type { DataSide, Model } from "../api/document";
import { count, range } from "../lib/format";
import { shortName } from "../lib/sides";

/** What is compared with what; it stands above all that follows. */
export function ComparisonBar(props: {
  model: Model;
  reference: DataSide;
  current?: DataSide;
}): ReactNode {
  return (
    <>
      {props.model?.name ? (
        <span className="model">
          <bdi>{props.model.name}</bdi>
        </span>
      ) : null}
      <Side side={props.reference} kind="reference" />
      {props.current ? <Side side={props.current} kind="current" /> : null}
    </>
  );
}

function Side({ side, kind }: { side: DataSide; kind: "reference" | "current" }): ReactNode {
  const days = range(side.start, side.end);
  return (
    <span
      className="side"
      title={[kind, side.name, days && `${days} UTC`].filter(Boolean).join(" · ")}
    >
      <i className={kind === "current" ? "swatch current" : "swatch"} />
      <span className="wide-only">{kind === "current" ? "Current" : "Reference"}</span>
      <b>
        <bdi>{shortName(side.name)}</bdi>
      </b>
      <span className="faint">
        {count(side.rows)} {side.rows === 1 ? "row" : "rows"}
      </span>
    </span>
  );
}
