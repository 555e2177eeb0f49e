import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense } from "react";
import type { AlertShown, ModelDetail } from "../../api/schema";
import { Choices } from "../../components/SearchBox";
import { Section } from "../../components/Section";
import { count, interval } from "../../lib/format";
import { navigate, useChoice } from "../../state/route";
import { ask } from "../data/queries";
import { hoursOf } from "../hours";
import { load } from "../load";
import { spanOf } from "../monitors/span";
import { alone, heldIn, triedOf, useBacktest } from "../monitors/useTried";
import { modelPath } from "../pages/Fleet";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { asking, type Tried } from "./ask";
import { inUnit, isAge } from "./words";

const ConditionFigure = lazy(async () => ({
  default: (await load(() => import("../monitors/ConditionFigure"))).ConditionFigure,
}));

const RANGES = [
  { value: "24h", label: "24 h" },
  { value: "", label: "7 d" },
  { value: "30d", label: "30 d" },
  { value: "90d", label: "90 d" },
];
const WEEK = 7 * 86_400_000;

/** The number behind an alert over time, with the limit that it went beyond. */
export function Evidence({ alert }: { alert: AlertShown }): ReactNode {
  const [range, setRange] = useChoice("range");
  const files = useQuery(ask.rules());
  const model = useQuery(ask.model(alert.model));
  const held = heldIn(files.data?.files ?? []).find(
    ({ file, group, rule }) =>
      file.name === alert.file &&
      group.name === alert.group &&
      rule.alert === alert.alert &&
      rule.number === alert.number,
  );
  const span = model.data ? spanFor(range || "7d", model.data) : "";
  const text = held && !held.rule.has_budget ? alone(held) : null;
  const found = useBacktest(text, span, alert.model);
  const tried =
    held && found.data
      ? triedOf(found.data.rules, held).find(
          (each) => each.version === alert.version && each.segment === alert.segment,
        )
      : undefined;
  return (
    <Section
      id="evidence"
      title="Evidence"
      lead={tried?.points ? sentenceOf(alert, tried) : undefined}
      aside={<Choices label="Range" value={range} options={RANGES} onChange={setRange} />}
    >
      {tried ? (
        <Drawn tried={tried} alert={alert} span={span} />
      ) : files.isPending || model.isPending || (text !== null && found.isPending) ? (
        <Skeleton height={270} label="Loading the evidence" />
      ) : (
        <NotShown isGone={files.data !== undefined && !held} error={found.error} alert={alert} />
      )}
    </Section>
  );
}

/** Up to now; where nothing came of late, up to the last data. */
function spanFor(range: string, model: ModelDetail): string {
  const now = Date.now();
  const isOld = now - Date.parse(model.last_event ?? "") > WEEK;
  return spanOf(isOld ? `latest:${range}` : range, model, now);
}

function Drawn(props: { tried: Tried; alert: AlertShown; span: string }): ReactNode {
  const { tried, alert, span } = props;
  const changes = useQuery(asking.changes(alert.model, span));
  if (!tried.points) {
    return (
      <Nothing title="There is nothing to draw.">
        <p>{tried.error || "This rule compares no number."}</p>
      </Nothing>
    );
  }
  const firings = tried.firings.map((each): [number, number | null] => [
    Date.parse(each.fired_at),
    each.until === null ? null : Date.parse(each.until),
  ]);
  return (
    <Suspense fallback={<Skeleton height={270} />}>
      <ConditionFigure
        points={tried.points}
        firings={firings}
        events={(changes.data?.changes ?? []).map((change) => ({
          at: Date.parse(change.time),
          name: change.title ?? change.kind ?? "",
        }))}
        note="Shaded: when the rule would have fired, looked at each hour. Draw over the chart to open the model at that time."
        onBrush={(from, to) =>
          navigate({
            path: [modelPath(alert.model)],
            query: { ...hoursOf(from, to), segment: segmentOf(alert, tried) },
          })
        }
      />
    </Suspense>
  );
}

/** 'origin:LGA', as the page of the model knows it. */
const segmentOf = (alert: AlertShown, tried: Tried): string => {
  const name = Object.keys(alert.labels).find((each) => alert.labels[each] === tried.segment);
  return tried.segment && name ? `${name}:${tried.segment}` : "";
};

function sentenceOf(alert: AlertShown, tried: Tried): string {
  const points = tried.points;
  if (!points) return "";
  if (alert.value === null) {
    const isGone = alert.state === "firing" && points.operator === "absent";
    return isGone && !isAge(points) ? `No ${points.name ?? "value"} can be measured now.` : "";
  }
  const show = inUnit(points.unit);
  const limit = points.limit.findLast((value) => value !== null);
  const between = interval(alert.low, alert.high, (value) => show(value ?? Number.NaN));
  const than = typeof limit === "number" ? `; the limit is ${show(limit)}` : "";
  if (isAge(points)) return `No prediction for ${show(alert.value)}${than}.`;
  return `${points.name ?? "The value"} is ${show(alert.value)}${between ? ` (${between})` : ""} over ${count(alert.rows)} rows${than}.`;
}

function NotShown(props: { isGone: boolean; error: unknown; alert: AlertShown }): ReactNode {
  if (props.isGone) {
    return (
      <Nothing title="Its rule is no longer in force.">
        <p className="soft">The alert ends with the next look at the rules.</p>
      </Nothing>
    );
  }
  if (props.error) return <Failed error={props.error} what="The evidence" />;
  return (
    <Nothing title="A budget of false alarms weighs all metrics at once; it has no single line.">
      <p className="soft">Open the model to see what moved.</p>
    </Nothing>
  );
}
