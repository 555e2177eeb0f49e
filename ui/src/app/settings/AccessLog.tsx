import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { AccessLogShown, AccessShown } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { SearchBox } from "../../components/SearchBox";
import { useChoice } from "../../state/route";
import { get } from "../data/api";
import { Failed, Skeleton } from "../shell/states";
import { moment, useZone } from "../zone";

/** Who changed what, when and from where; and who tried. */
export function AccessLog(): ReactNode {
  const [who, setWho] = useChoice("who");
  const [zone] = useZone();
  const columns = useMemo(() => columnsOf((iso) => moment(iso, zone)), [zone]);
  const found = useInfiniteQuery({
    queryKey: ["access-log", who],
    queryFn: ({ pageParam, signal }) =>
      get<AccessLogShown>(
        "/v1/access-log",
        { limit: 100, ...(who ? { who } : {}), ...(pageParam ? { before: pageParam } : {}) },
        signal,
      ),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const rows = found.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <section className="summary">
        <h1>Who changed what, and who was refused.</h1>
      </section>
      <div className="tools">
        <SearchBox value={who} label="Only this user or key, by its whole name" onChange={setWho} />
      </div>
      {found.isPending ? (
        <Skeleton height={320} label="Loading the access log" />
      ) : found.data ? (
        <>
          <DataTable
            id="access"
            caption="Access log"
            columns={columns}
            rows={rows}
            rowKey={(row) => String(row.id)}
            empty={who ? `Nothing is known of '${who}'.` : "Nobody has changed anything yet."}
          />
          {found.hasNextPage ? (
            <p className="buttons">
              <button
                type="button"
                className="button"
                disabled={found.isFetchingNextPage}
                onClick={() => void found.fetchNextPage()}
              >
                {found.isFetchingNextPage ? "Loading …" : "Show what was before"}
              </button>
            </p>
          ) : null}
        </>
      ) : (
        <Failed error={found.error} what="The access log" />
      )}
    </>
  );
}

const HOW: Record<AccessShown["how"], string> = {
  session: "signed in",
  key: "with a key",
  open: "nobody is asked",
  password: "signed in with a password",
  oidc: "signed in elsewhere",
};

function columnsOf(show: (iso: string) => string): Column<AccessShown>[] {
  return [
    { id: "at", title: "When", value: (row) => row.at, cell: (row) => show(row.at) },
    {
      id: "who",
      title: "Who",
      value: (row) => row.who ?? "",
      cell: (row) => (row.who ? <bdi>{row.who}</bdi> : <span className="faint">nobody known</span>),
    },
    { id: "how", title: "How", value: (row) => HOW[row.how], hide: "wide-only" },
    {
      id: "what",
      title: "What",
      value: (row) => `${row.method} ${row.path}`,
      cell: (row) => (
        <code>
          {row.method} {row.path}
        </code>
      ),
      isWrapped: true,
    },
    {
      id: "status",
      title: "Outcome",
      value: (row) => row.status,
      cell: (row) =>
        row.status < 400 ? (
          "done"
        ) : (
          <span className="tone-fail">
            {row.status === 401 || row.status === 403 ? "refused" : "failed"} ({row.status})
          </span>
        ),
    },
    { id: "from", title: "From", value: (row) => row.address, hide: "phone-hide" },
  ];
}
