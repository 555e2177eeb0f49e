import { type ReactNode, useMemo } from "react";
import type { CalibrationBin, Confidence, Performance, Sides } from "../../api/document";
import { calibrationOption, curveOption, FEW } from "../../charts/curves";
import { distributionOption } from "../../charts/distribution";
import { EChart } from "../../components/EChart";
import { Figure } from "../../components/Figure";
import { count, interval, number, percent } from "../../lib/format";
import type { SideNames } from "../../lib/sides";

const HEIGHT = 270;

/** Mean score against observed rate. */
export function CalibrationFigure(props: {
  calibration: Sides<CalibrationBin[]>;
  task: string;
  sides: SideNames;
}): ReactNode {
  const { calibration, sides, task } = props;
  const isBinary = task === "binary";
  const option = useMemo(() => {
    const titles = {
      x: isBinary ? "mean score" : "mean confidence",
      y: isBinary ? "rate of positives" : "accuracy",
      diagonal: "perfect",
    };
    return calibrationOption(calibration, titles, sides);
  }, [calibration, sides, isBinary]);
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
    [curves, x, y, diagonal, sides],
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
    [errors, sides],
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

const CONFIDENCE_BINS = 20;

/** How sure the model is of its predictions. */
export function ConfidenceFigure(props: {
  confidence: Sides<Confidence>;
  sides: SideNames;
}): ReactNode {
  const { confidence, sides } = props;
  const { edges, reference, current } = useMemo(() => confidenceShares(confidence), [confidence]);
  const option = useMemo(
    () =>
      distributionOption(
        { kind: "numeric", edges, reference, current },
        { name: "confidence", sides },
      ),
    [edges, reference, current, sides],
  );
  const rows = reference.map((share, place) => [
    `${number(edges[place])} to ${number(edges[place + 1])}`,
    percent(share),
    percent(current[place]),
  ]);
  const low = confidence.current ?? confidence.reference;
  const note = low
    ? `Below ${number(low.below, 2)}: ${percent(confidence.reference?.low_share)} of reference and ${percent(confidence.current?.low_share)} of current rows.`
    : "";
  return (
    <Figure
      title="Confidence"
      note={note}
      table={{ columns: ["Confidence", sides.reference, sides.current], rows }}
    >
      <EChart
        option={option}
        height={HEIGHT}
        label="Distribution of the confidence in the predicted class on both sides."
      />
    </Figure>
  );
}

/** Counts as shares, on the bins that hold anything. */
function confidenceShares(confidence: Sides<Confidence>) {
  const shares = (counts: number[] | undefined) => {
    const total = (counts ?? []).reduce((sum, each) => sum + each, 0);
    return Array.from({ length: CONFIDENCE_BINS }, (_, place) =>
      total ? (counts?.[place] ?? 0) / total : 0,
    );
  };
  const reference = shares(confidence.reference?.counts);
  const current = shares(confidence.current?.counts);
  const first = Math.max(
    0,
    reference.findIndex((share, place) => share + (current[place] ?? 0) > 0),
  );
  const edges = Array.from({ length: CONFIDENCE_BINS + 1 }, (_, place) => place / CONFIDENCE_BINS);
  return {
    edges: edges.slice(first),
    reference: reference.slice(first),
    current: current.slice(first),
  };
}
