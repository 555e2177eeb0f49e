import { type ReactNode, useMemo } from "react";
import type { CalibrationBin, Performance, Sides } from "../../api/document";
import { calibrationOption, curveOption, FEW } from "../../charts/curves";
import { distributionOption } from "../../charts/distribution";
import { EChart } from "../../components/EChart";
import { Figure } from "../../components/Figure";
import { count, interval, number, percent } from "../../lib/format";
import type { SideNames } from "./Performance";

const HEIGHT = 270;

/** Mean score against observed rate. */
export function CalibrationFigure(props: {
  calibration: Sides<CalibrationBin[]>;
  task: string;
  sides: SideNames;
}): ReactNode {
  const { calibration, sides, task } = props;
  const isBinary = task === "binary";
  const titles = {
    x: isBinary ? "mean score" : "mean confidence",
    y: isBinary ? "rate of positives" : "accuracy",
    diagonal: "perfect",
  };
  const option = useMemo(
    () => calibrationOption(calibration, titles, sides),
    [calibration, sides.reference, sides.current, isBinary],
  );
  const rows = (["reference", "current"] as const).flatMap((side) =>
    (calibration[side] ?? []).map((bin) => [
      `${number(bin.low)} to ${number(bin.high)}, ${sides[side]}`,
      number(bin.mean_score),
      number(bin.rate),
      interval(bin.rate_low, bin.rate_high),
      count(bin.n),
    ]),
  );
  return (
    <Figure
      title="Calibration"
      note={`On the dashed line a score means what it says. Hollow marks: fewer than ${FEW} rows.`}
      table={{ columns: ["Scores", "Mean score", "Rate", "Interval", "Rows"], rows }}
    >
      <EChart
        option={option}
        height={HEIGHT}
        label="Calibration curve of both sides, observed rate against mean score."
      />
    </Figure>
  );
}

/** ROC, and precision against recall. */
export function CurveFigures({
  performance,
  sides,
}: {
  performance: Performance;
  sides: SideNames;
}): ReactNode {
  return (
    <>
      {performance.pr ? (
        <CurveFigure
          title="Precision and recall"
          curves={performance.pr}
          x="recall"
          y="precision"
          sides={sides}
        />
      ) : null}
      {performance.roc ? (
        <CurveFigure
          title="ROC"
          curves={performance.roc}
          x="false positive rate"
          y="true positive rate"
          diagonal="chance"
          sides={sides}
          note="On the dashed line the score is no better than chance."
        />
      ) : null}
    </>
  );
}

function CurveFigure(props: {
  title: string;
  curves: Sides<[number, number][]>;
  x: string;
  y: string;
  diagonal?: string;
  note?: string;
  sides: SideNames;
}): ReactNode {
  const { curves, x, y, diagonal, sides } = props;
  const option = useMemo(
    () => curveOption(curves, { x, y, ...(diagonal ? { diagonal } : {}) }, sides),
    [curves, x, y, diagonal, sides.reference, sides.current],
  );
  const rows = (["reference", "current"] as const).flatMap((side) =>
    (curves[side] ?? []).map(([at, value]) => [sides[side], number(at), number(value)]),
  );
  return (
    <Figure title={props.title} note={props.note} table={{ columns: ["Data", x, y], rows }}>
      <EChart
        option={option}
        height={HEIGHT}
        label={`${props.title}: ${y} against ${x} of both sides.`}
      />
    </Figure>
  );
}

/** How far predictions lie from the truth. */
export function ErrorsFigure({
  errors,
  sides,
}: {
  errors: NonNullable<Performance["errors"]>;
  sides: SideNames;
}): ReactNode {
  const option = useMemo(
    () => distributionOption({ kind: "numeric", ...errors }, { name: "prediction − label", sides }),
    [errors, sides.reference, sides.current],
  );
  const rows = errors.reference.map((share, place) => [
    `${number(errors.edges[place])} to ${number(errors.edges[place + 1])}`,
    percent(share),
    percent(errors.current[place]),
  ]);
  return (
    <Figure
      title="Errors"
      note="Right of zero the prediction is too high."
      table={{ columns: ["Error", sides.reference, sides.current], rows }}
    >
      <EChart
        option={option}
        height={HEIGHT}
        label="Distribution of prediction less label on both sides."
      />
    </Figure>
  );
}
