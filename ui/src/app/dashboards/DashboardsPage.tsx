import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { DashboardLine } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { ask } from "../data/queries";
import { useMay } from "../session/session";
import { Failed, Skeleton } from "../shell/states";
import { moment, useZone } from "../zone";

export const dashboardPath = (name: string): string => `/dashboards/${encodeURIComponent(name)}`;

/** The dashboards that there are, and the way to one's own. */
export function DashboardsPage(): ReactNode {
  const found = useQuery(ask.dashboards());
  const refusal = useMay("edit");
  return (
    <>
      <header className="bar">
        <h1 className="model">Dashboards</h1>
        <span className="range">
          {refusal ? (
            <button type="button" className="button" disabled title={refusal}>
              Make a dashboard
            </button>
          ) : (
            <Link className="button" to={{ path: ["/dashboards/new"], query: {} }}>
              Make a dashboard
            </Link>
          )}
        </span>
      </header>
      <main className="page">
        {found.isPending ? (
          <Skeleton height={160} label="Loading dashboards" />
        ) : found.data ? (
          <List lines={found.data.dashboards} />
        ) : (
          <Failed error={found.error} what="The list of dashboards" />
        )}
      </main>
    </>
  );
}

function List({ lines }: { lines: DashboardLine[] }): ReactNode {
  const [zone] = useZone();
  const own = lines.filter((line) => !line.shipped).length;
  const columns: Column<DashboardLine>[] = [
    {
      id: "title",
      title: "Dashboard",
      value: (line) => line.title,
      cell: (line) => (
        <Link to={{ path: [dashboardPath(line.name)], query: {} }}>
          <bdi>{line.title}</bdi>
        </Link>
      ),
    },
    {
      id: "description",
      title: "Shows",
      value: (line) => line.description,
      isWrapped: true,
      hide: "phone-hide",
    },
    { id: "panels", title: "Panels", align: "end", value: (line) => line.panels },
    {
      id: "who",
      title: "Changed",
      value: (line) => line.set_at ?? "",
      cell: (line) =>
        line.shipped ? (
          <span className="faint">comes with Watchkeeper</span>
        ) : (
          <span>
            {moment(line.set_at, zone)} {line.who ? <bdi>by {line.who}</bdi> : null}
          </span>
        ),
    },
  ];
  return (
    <>
      <section className="summary">
        <h1>
          {own
            ? `${own} of your own, and ${lines.length - own} that come with Watchkeeper.`
            : `${lines.length} come with Watchkeeper; you have made none of your own yet.`}
        </h1>
      </section>
      <DataTable
        id="dashboards"
        caption="Dashboards"
        columns={columns}
        rows={lines}
        rowKey={(line) => line.name}
        to={(line) => ({ path: [dashboardPath(line.name)], query: {} })}
      />
    </>
  );
}
