import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import type { Decided, Decisions } from "../../api/schema";
import { costOption, decisionOption } from "../../charts/decisions";
import { EChart } from "../../components/EChart";
import { Figure } from "../../components/Figure";
import { Empty, Section } from "../../components/Section";
import { number, percent } from "../../lib/format";
import { useChoice } from "../../state/route";
import { Failed, Skeleton } from "../shell/states";
import { bestPlace, type Costs, costOf, outcomeAt, placeOf } from "./decisions";
import type { Shown } from "./ModelPage";
import { askModel } from "./queries";
import { ThresholdOutcomes } from "./ThresholdOutcomes";

/** What another threshold would have decided on the rows of this window. */
export function ThresholdExplorer({ shown }: { shown: Shown }): ReactNode {
  const { model, window, version, segment } = shown;
  const found = useQuery(askModel.decisions(model.name, { window, version, segment }));
  return (
    <Section
      id="threshold"
      title="Threshold"
      lead="Move the threshold of the score and see what it would have decided on the labelled rows of this range. Nothing is changed on the model."
    >
      {found.isPending ? (
        <Skeleton height={420} label="Loading what thresholds decide" />
      ) : !found.data ? (
        <Failed error={found.error} what="What thresholds decide" />
      ) : found.data.current ? (
        <Explorer found={found.data} decided={found.data.current} />
      ) : (
        <Empty>
          Not enough data: no row of this range has both a score and a label yet. It is drawn as
          soon as the first labels come, or choose an earlier range.
        </Empty>
      )}
    </Section>
  );
}

/** The threshold moves at once; the address follows when the hand rests. */
function useThreshold(own: number): [number, (value: number) => void] {
  const [text, choose] = useChoice("threshold");
  const named = text === "" ? own : Number(text);
  const [value, setValue] = useState(named);
  useEffect(() => setValue(named), [named]);
  useEffect(() => {
    if (value === named) return;
    const timer = setTimeout(() => choose(value === own ? "" : String(value)), 250);
    return () => clearTimeout(timer);
  }, [value, named, own, choose]);
  return [value, setValue];
}

function Explorer({ found, decided }: { found: Decisions; decided: Decided }): ReactNode {
  const { thresholds, threshold: own } = found;
  const [value, setValue] = useThreshold(own);
  const [alarmText, chooseAlarm] = useChoice("alarm");
  const [missText, chooseMiss] = useChoice("miss");
  const costs = useMemo(
    () => ({ alarm: costOf(alarmText), miss: costOf(missText) }),
    [alarmText, missText],
  );
  const place = placeOf(thresholds, value);
  const chosen = thresholds[place] ?? own;
  const go = (target: number | null) => {
    const at = target === null ? undefined : thresholds[target];
    if (at !== undefined) setValue(at);
  };
  return (
    <>
      <div className="threshold">
        <label className="slide">
          <span>
            Positive from a score of <b>{number(chosen)}</b>
          </span>
          <input
            type="range"
            min={0}
            max={thresholds.length - 1}
            step={1}
            value={place}
            aria-valuetext={`Threshold ${number(chosen)}`}
            onChange={(event) => go(Number(event.target.value))}
          />
        </label>
        <span className="acts">
          <button
            type="button"
            className="button"
            onClick={() => go(bestPlace(decided, (each) => each.f1, costs))}
          >
            Go to the best F1
          </button>
          <button
            type="button"
            className="button"
            onClick={() =>
              go(bestPlace(decided, (each) => (each.cost === null ? null : -each.cost), costs))
            }
          >
            Go to the lowest cost
          </button>
          <button type="button" className="button" onClick={() => setValue(own)}>
            Back to the model's {number(own)}
          </button>
        </span>
        <Cost label="A false alarm costs" value={costs.alarm} onChange={chooseAlarm} />
        <Cost label="A missed case costs" value={costs.miss} onChange={chooseMiss} />
      </div>
      <ThresholdOutcomes
        classes={found.classes}
        chosen={chosen}
        now={outcomeAt(decided, place, costs)}
        own={outcomeAt(decided, placeOf(thresholds, own), costs)}
        ownAt={own}
        reference={found.reference ? outcomeAt(found.reference, place, costs) : null}
      />
      <Charts found={found} decided={decided} costs={costs} chosen={chosen} />
    </>
  );
}

function Cost(props: {
  label: string;
  value: number;
  onChange: (value: string) => void;
}): ReactNode {
  return (
    <label className="cost">
      {props.label}{" "}
      <input
        type="number"
        min={0}
        step="any"
        defaultValue={props.value}
        onChange={(event) => props.onChange(event.target.value)}
      />
    </label>
  );
}

function Charts(props: {
  found: Decisions;
  decided: Decided;
  costs: Costs;
  chosen: number;
}): ReactNode {
  const { found, decided, costs, chosen } = props;
  const { thresholds, threshold: own } = found;
  const outcomes = useMemo(
    () => thresholds.map((_, place) => outcomeAt(decided, place, costs)),
    [thresholds, decided, costs],
  );
  const curves = useMemo(
    () =>
      decisionOption({
        thresholds,
        precision: decided.precision,
        recall: decided.recall,
        f1: outcomes.map((each) => each.f1),
        chosen,
        own,
      }),
    [thresholds, decided, outcomes, chosen, own],
  );
  const values = useMemo(() => outcomes.map((each) => each.cost), [outcomes]);
  const cost = useMemo(
    () => costOption({ thresholds, values, chosen, own }),
    [thresholds, values, chosen, own],
  );
  const rows = () =>
    outcomes.map((each, place) => [
      number(thresholds[place]),
      percent(each.precision?.value),
      percent(each.recall?.value),
      percent(each.f1),
      number(each.cost),
    ]);
  const columns = ["Threshold", "Precision", "Recall", "F1", "Cost of 1,000 rows"];
  return (
    <div className="sub grid">
      <Figure
        title="Precision, recall and F1"
        aside={
          <span className="legend">
            <span>
              <i className="swatch current" />
              precision
            </span>
            <span>
              <i className="swatch hue-3" />
              recall
            </span>
            <span>
              <i className="swatch dotted" />
              F1
            </span>
          </span>
        }
        table={() => ({ columns, rows: rows() })}
      >
        <EChart
          option={curves}
          height={250}
          label={`Precision, recall and F1 at every threshold; ${number(chosen)} is chosen.`}
        />
      </Figure>
      <Figure title="Cost of 1,000 rows" table={() => ({ columns, rows: rows() })}>
        <EChart
          option={cost}
          height={250}
          label={`What mistakes cost at every threshold; ${number(chosen)} is chosen.`}
        />
      </Figure>
    </div>
  );
}
