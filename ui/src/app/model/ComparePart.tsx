import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { Comparison } from "../../api/schema";
import { Link } from "../../components/Link";
import { Shape, VerdictMark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Prose } from "../../components/Prose";
import { Empty, Section } from "../../components/Section";
import { count, number } from "../../lib/format";
import { sentence } from "../../lib/words";
import { useChoice } from "../../state/route";
import { ask } from "../data/queries";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { CompareTable } from "./CompareTable";
import { comparedRows, compareFinding, type InputColumn, worthShowing } from "./compare";
import { Finding } from "./Finding";
import type { Shown } from "./ModelPage";
import { newestFirst } from "./Versions";

/** Two versions over the same range, with a test on each difference. */
export function ComparePart(shown: Shown): ReactNode {
  const versions = newestFirst(shown.model.versions);
  const [a, chooseA] = useChoice("a");
  const [b, chooseB] = useChoice("b");
  if (versions.length < 2) {
    return (
      <Nothing title="There is one version, and nothing to compare it with">
        <p>
          Send <code>version</code> with each prediction; the second version is listed here as soon
          as its first prediction comes.
        </p>
      </Nothing>
    );
  }
  const newest = versions[0] ?? "";
  const after = versions.includes(b) ? b : newest;
  const before = versions.includes(a) ? a : (versions.find((each) => each !== after) ?? "");
  return (
    <>
      <div className="tools versions">
        <Choice label="Compare" value={before} versions={versions} onChange={chooseA} />
        <Choice label="with" value={after} versions={versions} onChange={chooseB} />
      </div>
      {before === after ? (
        <Nothing title="A version is compared with another">
          <p>Choose two different versions above.</p>
        </Nothing>
      ) : (
        <Compared shown={shown} a={before} b={after} />
      )}
    </>
  );
}

function Choice(props: {
  label: string;
  value: string;
  versions: string[];
  onChange: (value: string) => void;
}): ReactNode {
  return (
    <label>
      <span className="soft">{props.label}</span>{" "}
      <select value={props.value} onChange={(event) => props.onChange(event.target.value)}>
        {props.versions.map((each) => (
          <option key={each} value={each}>
            version {each}
          </option>
        ))}
      </select>
    </label>
  );
}

function Compared({ shown, a, b }: { shown: Shown; a: string; b: string }): ReactNode {
  const { model, window, segment } = shown;
  const found = useQuery(ask.compare(model.name, { a, b, window, segment }));
  if (found.isPending) return <Skeleton height={420} label="Loading the comparison" />;
  if (!found.data) return <Failed error={found.error} what="The comparison" />;
  // What is still on the screen is of other versions.
  if (found.isPlaceholderData && (found.data.a !== a || found.data.b !== b))
    return <Skeleton height={420} label="Loading the comparison" />;
  return <Body found={found.data} a={a} b={b} />;
}

function Body({ found, a, b }: { found: Comparison; a: string; b: string }): ReactNode {
  const performance = useMemo(() => comparedRows(found.performance), [found]);
  const service = useMemo(() => worthShowing(comparedRows(found.service)), [found]);
  return (
    <>
      <Finding
        text={compareFinding(performance, service, a, b)}
        note={`${count(found.rows.a)} rows of version ${a}, ${count(found.rows.b)} rows of version ${b}. Differences with 95 % intervals; p-values are adjusted for the number of metrics.`}
      />
      <Inputs found={found} />
      <Section id="performance" title="Performance">
        {performance.length ? (
          <CompareTable id="compare-performance" rows={performance} a={a} b={b} />
        ) : (
          <Empty>
            Not enough data: one of the versions has no labelled rows in this range yet.
          </Empty>
        )}
      </Section>
      <Section id="service" title="Service">
        {service.length ? (
          <CompareTable id="compare-service" rows={service} a={a} b={b} />
        ) : (
          <Empty>
            Traffic is kept for each version, not for each segment. Choose all rows above.
          </Empty>
        )}
      </Section>
    </>
  );
}

/** Whether both saw the same data; else the difference may be that of the traffic. */
function Inputs({ found }: { found: Comparison }): ReactNode {
  const inputs = found.inputs as { drifted: string[]; columns: Record<string, InputColumn> } | null;
  if (!inputs) return null;
  const total = Object.keys(inputs.columns).length;
  if (inputs.drifted.length === 0) {
    return (
      <p className="soft prose">
        Both versions saw the same data: none of {count(total)} columns differs beyond what is
        tolerated.
      </p>
    );
  }
  return (
    <details className="note differing">
      <summary>
        <Shape tone="warn" /> They did not see the same data: {count(inputs.drifted.length)} of{" "}
        {count(total)} columns differ, so what differs below may be the traffic. Choose a segment or
        a range in which both saw alike rows.
      </summary>
      <ul className="plain-list">
        {inputs.drifted.slice(0, 8).map((name) => {
          const column = inputs.columns[name];
          return (
            <li key={name}>
              <VerdictMark verdict={column?.verdict ?? null} />{" "}
              <Link to={{ path: ["feature", name], query: {} }}>
                <Name text={name} />
              </Link>{" "}
              <span className="soft">
                {number(column?.effect?.value)} · <Prose text={sentence(column?.reason)} />
              </span>
            </li>
          );
        })}
        {inputs.drifted.length > 8 ? (
          <li className="soft">and {inputs.drifted.length - 8} more</li>
        ) : null}
      </ul>
    </details>
  );
}
