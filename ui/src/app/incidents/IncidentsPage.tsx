import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import type { Figures, IncidentLine } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Choices } from "../../components/SearchBox";
import { Section } from "../../components/Section";
import { counted, percent } from "../../lib/format";
import { useChoice } from "../../state/route";
import { Press } from "../Act";
import { asking } from "../alerts/ask";
import { Answer, Page } from "../alerts/Page";
import { INCIDENT_STATES } from "../alerts/words";
import { ask } from "../data/queries";
import { useMay } from "../session/session";
import { Nothing } from "../shell/states";
import { duration, moment, relative, useZone } from "../zone";
import { dueWords } from "./events";
import { OpenIncident } from "./OpenIncident";

const ACTIVE = new Set(["open", "acknowledged", "investigating", "mitigated"]);

/** What people work on, and what they have worked on. */
export function IncidentsPage(): ReactNode {
  const found = useQuery(ask.incidents());
  const may = useMay("edit");
  const [isAsking, setAsking] = useState(false);
  return (
    <Page
      title="Incidents"
      isWide
      tools={
        <Press refusal={may} onPress={() => setAsking(true)}>
          Open an incident
        </Press>
      }
    >
      <Answer of={found} what="The list of incidents">
        {({ incidents }) =>
          incidents.length ? (
            <Some incidents={incidents} />
          ) : (
            <Nothing title="There was no incident yet.">
              <p className="soft">
                An alert of severity P0 or P1 opens one; so can you, for trouble that no monitor
                sees.
              </p>
            </Nothing>
          )
        }
      </Answer>
      <FiguresPart />
      <OpenIncident isOpen={isAsking} onClose={() => setAsking(false)} />
    </Page>
  );
}

const WHICH = [
  { value: "", label: "all" },
  { value: "active", label: "worked on" },
  { value: "over", label: "over" },
];

function Some({ incidents }: { incidents: IncidentLine[] }): ReactNode {
  const [which, setWhich] = useChoice("which");
  const [zone] = useZone();
  const columns = useMemo(() => columnsOf((iso) => moment(iso, zone)), [zone]);
  const active = incidents.filter((each) => ACTIVE.has(each.state));
  const shown = incidents.filter(
    (each) => which === "" || (which === "active") === ACTIVE.has(each.state),
  );
  return (
    <>
      <section className="summary">
        <h1>{sentenceOf(active)}</h1>
      </section>
      <div className="tools">
        <Choices label="Which" value={which} options={WHICH} onChange={setWhich} />
      </div>
      <DataTable
        id="incidents"
        caption="Incidents"
        columns={columns}
        rows={shown}
        rowKey={(row) => String(row.number)}
        to={incidentRoute}
        empty="None of these."
      />
    </>
  );
}

export const incidentRoute = (incident: { number: number }) => ({
  path: [`/incidents/${incident.number}`],
  query: {},
});

/** What is worked on, in a sentence. */
export function sentenceOf(active: IncidentLine[]): string {
  if (active.length === 0) return "No incident is open.";
  const alone = active.filter((each) => each.state === "open").length;
  const late = active.filter((each) => each.due?.overdue && each.due.what !== "resolve").length;
  const worst = active.map((each) => each.severity).sort()[0];
  const parts = [
    `${counted(active.length, "incident")} ${active.length === 1 ? "is" : "are"} open`,
    `the worst is ${worst}`,
    alone
      ? `nobody has ${alone === active.length ? (alone === 1 ? "it" : "any of them") : `${alone} of them`}`
      : "all are taken",
    late ? `${counted(late, "deadline")} ${late === 1 ? "has" : "have"} passed` : "",
  ];
  return `${parts.filter(Boolean).join("; ")}.`;
}

function columnsOf(show: (iso: string | null) => string): Column<IncidentLine>[] {
  return [
    {
      id: "severity",
      title: "Severity",
      value: (row) => row.severity,
    },
    {
      id: "state",
      title: "State",
      value: (row) => row.state,
      cell: (row) => <Mark reading={INCIDENT_STATES[row.state]} />,
    },
    {
      id: "title",
      title: "Incident",
      isWrapped: true,
      value: (row) => row.title,
      cell: (row) => (
        <>
          <Link to={incidentRoute(row)}>
            <span className="faint">{row.number}</span> <Name text={row.title} full />
          </Link>
          {row.due ? (
            <div className={row.due.overdue ? "tone-fail" : "soft"}>
              {row.due.overdue ? "Overdue: " : ""}
              {dueWords(row.due.what)} {relative(row.due.at, Date.now())}
            </div>
          ) : null}
        </>
      ),
    },
    {
      id: "models",
      title: "Models",
      hide: "phone-hide",
      value: (row) => row.models.join(", "),
      cell: (row) => <Name text={row.models.join(", ") || "–"} />,
    },
    {
      id: "who",
      title: "Commander",
      hide: "phone-hide",
      value: (row) => row.commander ?? "",
      cell: (row) =>
        row.commander ? <Name text={row.commander} /> : <span className="faint">nobody</span>,
    },
    {
      id: "firing",
      title: "Firing",
      align: "end",
      hide: "wide-only",
      hint: "Alerts of it that still fire",
      value: (row) => row.alerts_firing,
    },
    {
      id: "opened",
      title: "Opened",
      align: "end",
      hide: "phone-hide",
      value: (row) => row.opened_at,
      cell: (row) => <span title={show(row.opened_at)}>{relative(row.opened_at, Date.now())}</span>,
    },
    {
      id: "lasted",
      title: "Resolved in",
      align: "end",
      hide: "wide-only",
      value: (row) => row.took_s.resolve,
      cell: (row) => (row.took_s.resolve === null ? "–" : duration(row.took_s.resolve)),
    },
  ];
}

const TIMES = {
  detect: "until it was found",
  acknowledge: "until somebody had it",
  mitigate: "until nobody was hurt",
  resolve: "until it was mended",
} as const;

function FiguresPart(): ReactNode {
  const found = useQuery(asking.figures());
  const figures = found.data;
  if (!figures || figures.incidents === 0) return null;
  return (
    <Section
      id="figures"
      title="How fast"
      lead={
        figures.false_alarms === null
          ? undefined
          : `${percent(figures.false_alarms)} were false alarms.`
      }
    >
      <DataTable
        id="figures"
        caption="How fast incidents are dealt with"
        isFitted
        columns={[
          { id: "step", title: "Time", isFixed: true, value: (row) => TIMES[row.step] },
          ...(["p50", "p90"] as const).map((name) => ({
            id: name,
            title: name === "p50" ? "Half within" : "90 % within",
            align: "end" as const,
            isFixed: true,
            value: (row: TimeRow) => row.figure.seconds[name] ?? null,
            cell: (row: TimeRow) => duration(row.figure.seconds[name] ?? null),
          })),
          {
            id: "of",
            title: "Of",
            align: "end",
            isFixed: true,
            value: (row) => row.figure.measured,
            cell: (row) => counted(row.figure.measured, "incident"),
          },
        ]}
        rows={timesOf(figures)}
        rowKey={(row) => row.step}
      />
    </Section>
  );
}

interface TimeRow {
  step: keyof typeof TIMES;
  figure: NonNullable<Figures["times"]["detect"]>;
}

const timesOf = (figures: Figures): TimeRow[] =>
  (Object.keys(TIMES) as (keyof typeof TIMES)[]).flatMap((step) => {
    const figure = figures.times[step];
    return figure ? [{ step, figure }] : [];
  });
