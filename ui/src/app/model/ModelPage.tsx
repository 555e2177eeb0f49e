import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type ReactNode, Suspense, useEffect, useRef } from "react";
import type { ModelDetail } from "../../api/schema";
import { Guard } from "../../components/Guard";
import { Link } from "../../components/Link";
import { Name } from "../../components/Name";
import { useRoute } from "../../state/route";
import { ask } from "../data/queries";
import { RangePicker, useRange } from "../RangePicker";
import { Failed, Skeleton } from "../shell/states";
import { edge, useZone } from "../zone";
import { Filters } from "./Filters";
import { PARTS, type Part } from "./parts";

export interface Shown {
  model: ModelDetail;
  window: string;
  version: string | undefined;
  segment: string | undefined;
  detail: string | undefined;
}

/** One model: the same range, version and segment for all that is said of it. */
export function ModelPage(): ReactNode {
  const { model: name, part, detail } = useParams({ strict: false });
  const found = useQuery(ask.model(name ?? ""));
  if (found.isPending) {
    return (
      <main className="page">
        <Skeleton height={320} label={`Loading ${name}`} />
      </main>
    );
  }
  if (!found.data) {
    return (
      <main className="page">
        <Failed error={found.error} what={`The model ${name}`} />
      </main>
    );
  }
  return <Loaded model={found.data} part={part ?? ""} detail={detail} />;
}

function Loaded(props: {
  model: ModelDetail;
  part: string;
  detail: string | undefined;
}): ReactNode {
  const { model, detail } = props;
  const range = useRange(model.last_event);
  const { query } = useRoute();
  const part = PARTS.find((each) => each.path === props.part);
  const Body = part?.component;
  return (
    <>
      <header className="bar">
        <nav className="crumbs" aria-label="Way back">
          <Link to={{ path: ["/"], query: {} }}>Models</Link>
          <span aria-hidden="true">/</span>
        </nav>
        <h1 className="model">
          <Name text={model.name} />
        </h1>
        <Filters model={model} />
        <RangePicker range={range} />
      </header>
      <Tabs here={props.part} />
      <main className="page">
        <StaleNote isStale={range.isStale} last={model.last_event} />
        {Body ? (
          <Guard key={`${props.part}/${detail}`}>
            <Suspense fallback={<Skeleton height={480} label="Loading this part" />}>
              <Body
                model={model}
                window={range.window}
                version={query.version}
                segment={query.segment}
                detail={detail}
              />
            </Suspense>
          </Guard>
        ) : (
          <Failed error={new Error(`A model has no part '${props.part}'.`)} what="This page" />
        )}
      </main>
    </>
  );
}

function Tabs({ here }: { here: string }): ReactNode {
  const current = here === "features" ? "drift" : here;
  const row = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where the window is narrow, the part that is shown must not be out of sight.
    const tab = row.current?.querySelector<HTMLElement>(`[data-part="${current}"]`);
    if (row.current && tab)
      row.current.scrollLeft = tab.offsetLeft - (row.current.clientWidth - tab.offsetWidth) / 2;
  }, [current]);
  return (
    <nav className="tabs" aria-label="Parts of the model" ref={row}>
      <ul>
        {PARTS.filter((part: Part) => part.title).map((part) => (
          <li key={part.path} data-part={part.path}>
            <Link
              to={{ path: part.path ? [part.path] : ["."], query: {} }}
              isCurrent={part.path === current}
            >
              {part.title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function StaleNote({ isStale, last }: { isStale: boolean; last: string | null }): ReactNode {
  const [zone] = useZone();
  if (!isStale || !last) return null;
  return (
    <p className="note soft">
      The last prediction came on {edge(last, zone)}; what is shown ends there. Choose a range up to
      now to see the silence since.
    </p>
  );
}
