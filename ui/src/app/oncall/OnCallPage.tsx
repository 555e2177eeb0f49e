import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { OnCallNow, ScheduleShown } from "../../api/schema";
import { Name } from "../../components/Name";
import { Choices } from "../../components/SearchBox";
import { Section } from "../../components/Section";
import { counted } from "../../lib/format";
import { useChoice } from "../../state/route";
import { Press } from "../Act";
import { asking } from "../alerts/ask";
import { Answer, Page } from "../alerts/Page";
import { useMay } from "../session/session";
import { Nothing } from "../shell/states";
import { duration, moment, relative, useZone, zoneName } from "../zone";
import { AddOverride } from "./AddOverride";
import { Calendar } from "./Calendar";
import { Subscribe } from "./Subscribe";
import { handovers } from "./weeks";

const LENGTHS = [
  { value: "2", label: "2 weeks" },
  { value: "", label: "4 weeks" },
  { value: "12", label: "12 weeks" },
];

/** Who is on call now, and who will be. */
export function OnCallPage(): ReactNode {
  const [chosen, choose] = useChoice("weeks");
  const weeks = Number(chosen || 4);
  const found = useQuery(asking.onCall(weeks * 7));
  const may = useMay("admin");
  const [isAsking, setAsking] = useState(false);
  const tools = found.data?.schedules.length ? (
    <Press refusal={may} onPress={() => setAsking(true)}>
      Add an override
    </Press>
  ) : undefined;
  return (
    <Page title="On call" tools={tools}>
      <Answer of={found} what="Who is on call">
        {(now) =>
          now.schedules.length === 0 ? (
            <Nobody />
          ) : (
            <>
              <Now now={now} />
              <Section
                id="calendar"
                title="Calendar"
                lead="Hatched: nobody is on call."
                aside={
                  <Choices label="Length" value={chosen} options={LENGTHS} onChange={choose} />
                }
              >
                <Calendar now={now} weeks={weeks} />
              </Section>
              <Next schedules={now.schedules} />
              <Subscribe />
              <File />
              <AddOverride
                schedules={now.schedules}
                isOpen={isAsking}
                onClose={() => setAsking(false)}
              />
            </>
          )
        }
      </Answer>
    </Page>
  );
}

function Nobody(): ReactNode {
  return (
    <Nothing title="Nobody is on call: there is no on-call file.">
      <p>It names people, schedules and chains. Write one, check it, and put it in force:</p>
      <pre className="command">
        <code>{`users:
  ana: {name: Ana, contacts: [{receiver: ana-pager}]}
  bo: {name: Bo, contacts: [{receiver: bo-pager}]}
schedules:
  primary:
    zone: Europe/Zurich
    layers:
      - {rotation: weekly, users: [ana, bo], start: 2026-01-05, handover: 09:00}
escalations:
  default:
    steps:
      - {notify: {schedule: primary}, wait: 5m}`}</code>
      </pre>
      <pre className="command">
        <code>{`watchkeeper oncall check oncall.yaml
watchkeeper oncall apply oncall.yaml`}</code>
      </pre>
    </Nothing>
  );
}

/** Who is on call now, in a sentence and by schedule. */
function Now({ now }: { now: OnCallNow }): ReactNode {
  const [zone] = useZone();
  return (
    <section className="summary">
      <h1>{nowWords(now.schedules)}</h1>
      <ul className="story">
        {now.schedules.map((schedule) => (
          <li key={schedule.schedule}>
            <b>{schedule.schedule}</b>:{" "}
            {schedule.user ? (
              <>
                <Name text={schedule.name ?? schedule.user} />
                {schedule.until ? ` until ${moment(schedule.until, zone)} ${zoneName(zone)}` : ""}
                <span className="soft">
                  {schedule.contacts.length
                    ? `, reached by ${schedule.contacts.map((each) => `${each.kind} ${each.address}`).join(", ")}`
                    : ", with no way to be reached"}
                </span>
              </>
            ) : (
              <>
                <span className="tone-fail">nobody</span>
                {schedule.shifts[0]
                  ? ` until ${moment(schedule.shifts[0].start, zone)}, then ${schedule.shifts[0].user}`
                  : ""}
              </>
            )}
            <span className="faint"> {gapWords(schedule)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** 'Ana is on call (primary); nobody is for secondary.' */
export function nowWords(schedules: ScheduleShown[]): string {
  const held = schedules.filter((each) => each.user);
  const empty = schedules.filter((each) => !each.user).map((each) => each.schedule);
  const people = held.map((each) => `${each.name ?? each.user} is on call (${each.schedule})`);
  const without = empty.length ? `nobody is for ${empty.join(", ")}` : "";
  const text = [...people, without].filter(Boolean).join("; ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function gapWords(schedule: ScheduleShown): string {
  if (schedule.gaps.length === 0) return "without gaps";
  const total = schedule.gaps.reduce(
    (sum, gap) => sum + (Date.parse(gap.end) - Date.parse(gap.start)) / 1000,
    0,
  );
  return `${counted(schedule.gaps.length, "gap")}, ${duration(total)} altogether`;
}

function Next({ schedules }: { schedules: ScheduleShown[] }): ReactNode {
  const [zone] = useZone();
  const all = schedules
    .flatMap((schedule) =>
      handovers(schedule).map((each) => ({ ...each, schedule: schedule.schedule })),
    )
    .sort((a, b) => a.at.localeCompare(b.at))
    .slice(0, 8);
  if (all.length === 0) return null;
  return (
    <Section id="handovers" title="Next hand-overs">
      <ol className="log">
        {all.map((each) => (
          <li key={`${each.at}${each.schedule}`}>
            <time dateTime={each.at}>{moment(each.at, zone)}</time>
            <span>
              {each.from ?? "nobody"} → <b>{each.to ?? "nobody"}</b>{" "}
              <span className="soft">
                {each.schedule}, {relative(each.at, Date.now())}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function File(): ReactNode {
  const found = useQuery(asking.onCallFile());
  const [zone] = useZone();
  const file = found.data;
  if (!file?.text) return null;
  return (
    <Section
      id="file"
      title="On-call file"
      lead={`Applied ${moment(file.set_at, zone)}${file.who ? ` by ${file.who}` : ""}; chains: ${file.escalations.join(", ") || "none"}.`}
    >
      <details>
        <summary>Show the text</summary>
        <pre className="command">
          <code>{file.text}</code>
        </pre>
      </details>
    </Section>
  );
}
