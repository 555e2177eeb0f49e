import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { Message, ReceiverShown, Tried } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Mark, Shape } from "../../components/Mark";
import { Section } from "../../components/Section";
import { at, send } from "../data/api";
import { ask } from "../data/queries";
import { useMay } from "../session/session";
import { Failed, Skeleton } from "../shell/states";
import { moment, useZone } from "../zone";

/** Who is told through what, whether it arrives, and what was sent. */
export function Channels(): ReactNode {
  const routes = useQuery(ask.routes());
  if (routes.isPending) return <Skeleton height={320} label="Loading channels" />;
  if (!routes.data) return <Failed error={routes.error} what="The list of channels" />;
  const { receivers, notices, text } = routes.data;
  const reaching = receivers.filter((one) => one.channels.length).length;
  return (
    <>
      <section className="summary">
        <h1>
          {reaching === 0
            ? "Alerts are told to nobody: no receiver has a channel."
            : `${reaching} of ${receivers.length} ${receivers.length === 1 ? "receiver has" : "receivers have"} channels.`}
        </h1>
        {reaching === 0 ? (
          <p className="story">
            Write who is told in Alertmanager's format and apply it:{" "}
            <code>watchkeeper alerts routes --apply alertmanager.yml</code>.
          </p>
        ) : null}
      </section>
      <Section id="receivers" title="Receivers">
        <ul className="receivers">
          {receivers.map((one) => (
            <Receiver key={one.name} receiver={one} />
          ))}
        </ul>
      </Section>
      <Messages />
      <Section id="routes" title="Routes" lead="As they were applied; secrets are not shown.">
        <pre className="command">
          <code>{text}</code>
        </pre>
        {notices.length ? (
          <ul className="soft">
            {notices.map((notice) => (
              <li key={notice}>{notice}</li>
            ))}
          </ul>
        ) : null}
      </Section>
    </>
  );
}

function Receiver({ receiver }: { receiver: ReceiverShown }): ReactNode {
  const refusal = useMay("admin");
  const trying = useMutation({
    mutationFn: () => send<Tried>("POST", at`/v1/receivers/${receiver.name}/test`),
  });
  const isMute = receiver.channels.length === 0;
  return (
    <li>
      <div>
        <b>
          <bdi>{receiver.name}</bdi>
        </b>{" "}
        <span className="soft">{isMute ? "tells nobody" : receiver.channels.join(", ")}</span>
      </div>
      <button
        type="button"
        className="button"
        disabled={isMute || refusal !== "" || trying.isPending}
        title={refusal || (isMute ? "It has no channel." : undefined)}
        onClick={() => trying.mutate()}
      >
        {trying.isPending ? "Sending …" : "Send a test message"}
      </button>
      <div className="outcome" aria-live="polite">
        {trying.data?.channels.map((one) => (
          <p key={one.channel}>
            <Shape tone={one.arrived ? "pass" : "fail"} /> {one.channel}:{" "}
            {one.arrived ? "arrived" : "did not arrive"}
            {one.detail ? <span className="soft">, {one.detail}</span> : null}
          </p>
        ))}
        {trying.error ? (
          <p className="tone-fail" role="alert">
            {trying.error.message}
          </p>
        ) : null}
      </div>
    </li>
  );
}

function Messages(): ReactNode {
  const found = useQuery(ask.messages({ limit: 100 }));
  const [zone] = useZone();
  const columns = useMemo(() => columnsOf((iso) => moment(iso, zone)), [zone]);
  return (
    <Section id="messages" title="Messages" lead="The newest hundred, and what became of them.">
      {found.isPending ? (
        <Skeleton height={120} label="Loading messages" />
      ) : found.data ? (
        <DataTable
          id="messages"
          caption="Messages"
          columns={columns}
          rows={found.data.messages}
          rowKey={(row) => String(row.id)}
          empty="Nobody was told of anything yet."
          limit={20}
        />
      ) : (
        <Failed error={found.error} what="The list of messages" />
      )}
    </Section>
  );
}

const STATES = {
  sent: { word: "arrived", tone: "pass" },
  waiting: { word: "waiting", tone: "warn" },
  dead: { word: "given up", tone: "fail" },
} as const;

function columnsOf(show: (iso: string) => string): Column<Message>[] {
  return [
    { id: "made", title: "When", value: (row) => row.made, cell: (row) => show(row.made) },
    {
      id: "state",
      title: "State",
      value: (row) => row.state,
      cell: (row) => <Mark reading={STATES[row.state]} />,
    },
    { id: "to", title: "To", value: (row) => `${row.receiver} ${row.channel}` },
    {
      id: "about",
      title: "About",
      value: (row) => row.group.alertname ?? Object.values(row.group).join(" "),
    },
    { id: "status", title: "Says", value: (row) => row.status, hide: "phone-hide" },
    {
      id: "said",
      title: "Answer",
      value: (row) => row.said,
      isWrapped: true,
      hide: "wide-only",
    },
  ];
}
