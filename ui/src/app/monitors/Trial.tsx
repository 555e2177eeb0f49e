import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from "react";
import type { ModelDetail } from "../../api/schema";
import { DataTable } from "../../components/DataTable";
import { Section } from "../../components/Section";
import { useRoute } from "../../state/route";
import type { Tried } from "../alerts/ask";
import { secondsOf } from "../alerts/Until";
import { inUnit } from "../alerts/words";
import { hoursOf } from "../hours";
import { load } from "../load";
import { useEvents } from "../model/events";
import { chooseRange } from "../RangePicker";
import { rangeWords } from "../search";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { duration, edge, moment, useZone } from "../zone";
import { setKey } from "./ruleText";
import { ThresholdBar } from "./ThresholdBar";
import {
  firingsOf,
  isPlain,
  moved,
  type Tally,
  tallyOf,
  thresholdIn,
  withThreshold,
} from "./threshold";
import type { Draft } from "./useDraft";

const ConditionFigure = lazy(async () => ({
  default: (await load(() => import("./ConditionFigure"))).ConditionFigure,
}));

/** What the rule would have done over the past; the threshold can be moved right here. */
export function Trial(props: { draft: Draft; isChanged: boolean; model: ModelDetail }): ReactNode {
  const { draft, isChanged, model } = props;
  const [zone] = useZone();
  const lead = rangeWords(draft.span, (at) => edge(at, zone));
  return (
    <Section id="trial" title="What it would have done" lead={`From ${lead}, looked at each hour.`}>
      {draft.tried.length ? (
        <Tests draft={draft} isChanged={isChanged} model={model} />
      ) : draft.failure ? (
        <Failed error={draft.failure} what="The back-test" />
      ) : draft.problems.length ? (
        <Nothing title="The rule is wrong as it stands; mend it below." />
      ) : (
        <Skeleton height={340} label="Trying the rule on the past" />
      )}
    </Section>
  );
}

const nameOf = (tried: Tried): string =>
  [tried.segment, tried.version ? `version ${tried.version}` : ""].filter(Boolean).join(", ") ||
  "all rows";

function Tests({ draft, isChanged, model }: Parameters<typeof Trial>[0]): ReactNode {
  const [chosen, setChosen] = useState("");
  const worst = [...draft.tried].sort(
    (a, b) => (b.summary?.hours_firing ?? 0) - (a.summary?.hours_firing ?? 0),
  )[0];
  const tried = draft.tried.find((each) => nameOf(each) === chosen) ?? worst;
  const before = draft.before.find((each) => tried && nameOf(each) === nameOf(tried));
  if (!tried) return null;
  return (
    <>
      {draft.tried.length > 1 ? (
        <label className="tools">
          <span className="soft">One alert each; shown for</span>
          <select value={nameOf(tried)} onChange={(event) => setChosen(event.target.value)}>
            {draft.tried.map((each) => (
              <option key={nameOf(each)}>{nameOf(each)}</option>
            ))}
          </select>
        </label>
      ) : null}
      {tried.error ? (
        <Nothing title="It cannot be evaluated on this model.">
          <p>{tried.error}</p>
        </Nothing>
      ) : (
        <Test draft={draft} tried={tried} before={isChanged ? before : undefined} model={model} />
      )}
    </>
  );
}

/** The past with the number as it is being moved; the server's own word replaces it right after. */
function usePreview(draft: Draft, tried: Tried) {
  const [pending, setPending] = useState<number | null>(null);
  const { isTried } = draft;
  useEffect(() => {
    if (isTried) setPending(null);
  }, [isTried]);
  const expr = draft.triedRule?.expr ?? "";
  const points = useMemo(() => {
    const from = thresholdIn(expr);
    if (!tried.points || pending === null || !from || !isPlain(expr)) return null;
    return moved(tried.points, from, pending);
  }, [tried.points, pending, expr]);
  return { pending, setPending, points };
}

function Test(props: {
  draft: Draft;
  tried: Tried;
  before: Tried | undefined;
  model: ModelDetail;
}): ReactNode {
  const { draft, tried, before, model } = props;
  const { path, query } = useRoute();
  const events = useEvents(model.name, draft.span);
  const { pending, setPending, points } = usePreview(draft, tried);
  const rule = draft.triedRule;
  const firings = useMemo(
    () =>
      points && rule && !rule.clear
        ? firingsOf(points, {
            for_s: secondsOf(rule.for) ?? 0,
            keep_s: secondsOf(rule.keep_firing_for) ?? 0,
          })
        : tried.firings.map((each): [number, number | null] => [
            Date.parse(each.fired_at) / 1000,
            each.until === null ? null : Date.parse(each.until) / 1000,
          ]),
    [points, rule, tried],
  );
  const shown = points ?? tried.points;
  const drawn = useMemo(
    () => firings.map(([from, to]): [number, number | null] => [from * 1000, to && to * 1000]),
    [firings],
  );
  const move = (value: number) => {
    const threshold = thresholdIn(draft.rule?.expr ?? "");
    if (!threshold || !draft.rule?.expr) return;
    setPending(value);
    draft.setText(setKey(draft.text, "expr", withThreshold(draft.rule.expr, threshold, value)));
  };
  return (
    <>
      <Tallies
        now={shown ? tallyOf(firings, shown.at) : null}
        before={before?.points ? tallyOf(spansOf(before), before.points.at) : null}
        tried={tried}
        isPreview={points !== null || !draft.isTried}
      />
      <ThresholdBar
        expr={draft.rule?.expr ?? ""}
        value={pending}
        points={tried.points}
        onMove={move}
      />
      {shown ? (
        <Suspense fallback={<Skeleton height={270} />}>
          <ConditionFigure
            points={shown}
            firings={drawn}
            events={events.filter((event) => event.kind === "change")}
            onBrush={(from, to) => chooseRange(query, path, hoursOf(from, to))}
          />
        </Suspense>
      ) : null}
      <Firings firings={firings} tried={points ? null : tried} />
    </>
  );
}

const spansOf = (tried: Tried): [number, number | null][] =>
  tried.firings.map((each) => [
    Date.parse(each.fired_at) / 1000,
    each.until === null ? null : Date.parse(each.until) / 1000,
  ]);

/** How often and for how long, in a sentence, beside the same of the rule in force. */
function Tallies(props: {
  now: Tally | null;
  before: Tally | null;
  tried: Tried;
  isPreview: boolean;
}): ReactNode {
  const { now, before, tried, isPreview } = props;
  if (!now) return null;
  const told = tried.summary?.told;
  return (
    <div className="tally-line" aria-live="polite">
      <p>
        <b>{tallyWords(now)}</b>
        {!isPreview && told !== undefined && told < now.times
          ? ` It flapped: somebody would have been told ${told} times.`
          : ""}
        {isPreview ? <span className="faint"> Working it out…</span> : null}
      </p>
      {before ? <p className="soft">In force now: {tallyWords(before).toLowerCase()}</p> : null}
    </div>
  );
}

/** 'Fired 3 times in 90 days, for 2 d 4 h altogether, at most 1 d 2 h at once.' */
export function tallyWords(tally: Tally): string {
  const days = Math.max(1, Math.round(tally.days));
  const span = days === 1 ? "a day" : `${days} days`;
  if (tally.times === 0) return `Never in ${span}.`;
  const times = tally.times === 1 ? "Once" : `${tally.times} times`;
  const longest = tally.times === 1 ? "" : `, at most ${duration(tally.longest * 3600)} at once`;
  return `${times} in ${span}, for ${duration(tally.hours * 3600)}${tally.times === 1 ? "" : " altogether"}${longest}.`;
}

function Firings(props: { firings: [number, number | null][]; tried: Tried | null }): ReactNode {
  const { firings, tried } = props;
  const [zone] = useZone();
  if (firings.length === 0) return null;
  const show = inUnit(tried?.points?.unit ?? "");
  const rows = firings.map(([from, to], place) => ({
    from,
    to,
    peak: tried?.firings[place]?.peak ?? null,
  }));
  const at = (seconds: number) => moment(new Date(seconds * 1000).toISOString(), zone);
  return (
    <DataTable
      id="firings"
      caption="When it would have fired"
      isFitted
      limit={5}
      columns={[
        {
          id: "from",
          title: "Would have fired",
          value: (row) => row.from,
          cell: (row) => at(row.from),
        },
        {
          id: "until",
          title: "until",
          value: (row) => row.to,
          cell: (row) => (row.to === null ? "the end" : at(row.to)),
        },
        {
          id: "lasted",
          title: "for",
          align: "end",
          value: (row) => (row.to === null ? null : row.to - row.from),
          cell: (row) => (row.to === null ? "–" : duration(row.to - row.from)),
        },
        {
          id: "peak",
          title: "worst",
          align: "end",
          value: (row) => row.peak,
          cell: (row) => (row.peak === null ? "–" : show(row.peak)),
        },
      ]}
      rows={[...rows].reverse()}
      rowKey={(row) => String(row.from)}
    />
  );
}
