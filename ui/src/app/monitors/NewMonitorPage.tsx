import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useMemo, useState } from "react";
import type { ModelDetail, RuleFiles } from "../../api/schema";
import { navigate, useChoice } from "../../state/route";
import { asking, dropRules, putRules } from "../alerts/ask";
import { Answer, Page } from "../alerts/Page";
import { get } from "../data/api";
import { ask } from "../data/queries";
import { stepOf } from "../model/steps";
import { RangePicker } from "../RangePicker";
import { useMay } from "../session/session";
import { Nothing } from "../shell/states";
import { beginning } from "./beginning";
import { Editor } from "./Editor";
import { useHistoryRange } from "./MonitorDetail";
import { fileWith } from "./placing";
import { Undo } from "./Undo";

const CRUMB = { title: "Monitors", path: "/monitors" };

/** Makes a monitor: from a chart, whose model, metric and range stand in the address, or by choice. */
export function NewMonitorPage(): ReactNode {
  const [name] = useChoice("model");
  const model = useQuery({ ...ask.model(name), enabled: name !== "" });
  const range = useHistoryRange(model.data?.last_event);
  return (
    <Page
      title="New monitor"
      crumb={CRUMB}
      tools={model.data ? <RangePicker range={range} /> : undefined}
    >
      <section className="summary">
        <h1>Watch a metric</h1>
        <p className="story">
          Choose what is watched; then move the threshold until it would have fired when somebody
          should have been told, and not otherwise.
        </p>
      </section>
      <Choosing model={model.data} />
      {name ? (
        <Answer of={model} what={`The model ${name}`}>
          {(detail) => <Begun model={detail} window={range.window} />}
        </Answer>
      ) : null}
    </Page>
  );
}

function Choosing({ model }: { model: ModelDetail | undefined }): ReactNode {
  const models = useQuery(ask.models());
  const cards = useQuery(asking.cards());
  const [name, setName] = useChoice("model");
  const [metric, setMetric] = useChoice("metric");
  const [column, setColumn] = useChoice("column");
  const ids = [useId(), useId(), useId()];
  return (
    <form className="fields field-row choosing" onSubmit={(event) => event.preventDefault()}>
      <span className="field">
        <label htmlFor={ids[0]}>Model</label>
        <select id={ids[0]} value={name} onChange={(event) => setName(event.target.value)}>
          <option value="">Choose a model</option>
          {(models.data?.models ?? []).map((each) => (
            <option key={each.name}>{each.name}</option>
          ))}
        </select>
      </span>
      <span className="field">
        <label htmlFor={ids[1]}>Metric</label>
        <input
          id={ids[1]}
          list="metric-names"
          value={metric}
          placeholder="error_rate, latency_ms@p95, psi …"
          onChange={(event) => setMetric(event.target.value)}
        />
        <datalist id="metric-names">
          {(cards.data?.names ?? []).map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      </span>
      <span className="field">
        <label htmlFor={ids[2]}>Column, for metrics of one</label>
        <select id={ids[2]} value={column} onChange={(event) => setColumn(event.target.value)}>
          <option value="">none</option>
          {(model?.columns ?? []).map((each) => (
            <option key={each.name}>{each.name}</option>
          ))}
        </select>
      </span>
    </form>
  );
}

function Begun({ model, window }: { model: ModelDetail; window: string }): ReactNode {
  const [metric] = useChoice("metric");
  const [column] = useChoice("column");
  const [segment] = useChoice("segment");
  const cards = useQuery(asking.cards());
  const isKnown = cards.data?.names.includes(metric) ?? false;
  const params = { metric: [metric], column, window, step: stepOf(window, model) };
  const series = useQuery({ ...ask.series(model.name, params), enabled: isKnown, retry: false });
  const group = useMemo(
    () => ({ name: model.name, model: model.name, interval: "5m", labels: {} }),
    [model.name],
  );
  if (!metric) return null;
  if (cards.data && !isKnown) {
    return <Nothing title={`There is no metric ${metric} yet; go on typing, or choose one.`} />;
  }
  if (series.error) {
    return (
      <Nothing title="This metric cannot be measured like this.">
        <p>{series.error.message}</p>
      </Nothing>
    );
  }
  if (!series.data || series.isPlaceholderData) return null;
  const [base = ""] = metric.split("@");
  const initial = beginning({
    metric,
    column,
    segment: segment.split(":")[0] ?? "",
    card: cards.data?.metrics.find((card) => card.name === base || card.name === metric),
    line: series.data.series[0],
  });
  return (
    <Making
      key={`${metric} ${column}`}
      initial={initial}
      group={group}
      model={model}
      window={window}
    />
  );
}

function Making(props: {
  initial: string;
  group: { name: string; model: string; interval: string; labels: Record<string, string> };
  model: ModelDetail;
  window: string;
}): ReactNode {
  const { group, model, window } = props;
  // What the page began with stays, though the series is asked for again.
  const [initial] = useState(props.initial);
  const may = useMay("edit");
  const save = async (text: string) => {
    const { files } = await get<RuleFiles>("/v1/rules");
    const place = fileWith(files, group, text);
    await putRules(place.name, place.text);
    notifications.show({
      title: "The monitor is in force",
      message: (
        <Undo
          work={() =>
            place.before === null ? dropRules(place.name) : putRules(place.name, place.before)
          }
        />
      ),
      autoClose: 15_000,
    });
    const alert = /^-\s*alert:\s*(.*)$/m.exec(text)?.[1]?.replace(/^['"]|['"]$/g, "") ?? "";
    navigate({ path: ["/monitors"], query: { rule: alert } });
  };
  return (
    <Editor
      initial={initial}
      group={group}
      model={model}
      window={window}
      readOnly={may}
      verb="Put the monitor in force"
      isNew
      onSave={save}
    />
  );
}
