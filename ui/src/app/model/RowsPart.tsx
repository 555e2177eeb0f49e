import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import type { Rows } from "../../api/schema";
import { Choices } from "../../components/SearchBox";
import { counted } from "../../lib/format";
import { useChoice } from "../../state/route";
import { ApiError, addressOf, at, get } from "../data/api";
import { LIVE } from "../data/queries";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { both, segmentWhere } from "./at";
import type { Shown } from "./ModelPage";
import { OneRow } from "./OneRow";
import { RowsTable } from "./RowsTable";
import { quickFilters } from "./rows";

const PAGE = 100;

/** The predictions themselves, with their labels: those behind any point of a chart. */
export function RowsPart(shown: Shown): ReactNode {
  const { model, window, version, segment } = shown;
  const [where, chooseWhere] = useChoice("where");
  const [order, chooseOrder] = useChoice("order");
  const [chosen] = useChoice("row");
  const params = {
    window,
    version,
    where: both(segmentWhere(segment), where && segment ? `(${where})` : where),
    order: order || "newest",
  };
  const path = at`/v1/models/${model.name}/rows`;
  const found = useInfiniteQuery({
    queryKey: ["rows", path, params],
    queryFn: ({ pageParam, signal }) =>
      get<Rows>(path, { ...params, limit: PAGE, cursor: pageParam || undefined }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    // Pages that somebody has read on in stay as they are.
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : LIVE),
  });
  const rows = found.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <header className="rows-head">
        <Choices
          label="Rows"
          value={where}
          options={quickFilters(model).map((each) => ({ value: each.where, label: each.label }))}
          onChange={chooseWhere}
        />
        <Choices
          label="Order"
          value={order}
          options={[
            { value: "", label: "newest first" },
            { value: "oldest", label: "oldest first" },
          ]}
          onChange={chooseOrder}
        />
        <Downloads path={path} params={params} />
        <Condition where={where} onChange={chooseWhere} error={found.error} />
      </header>
      {chosen ? (
        <OneRow
          key={chosen}
          model={model}
          id={chosen}
          known={rows.find((row) => row.id === chosen)}
        />
      ) : null}
      {found.isPending ? (
        <Skeleton height={480} label="Loading rows" />
      ) : found.error && !isCondition(found.error) && !found.data ? (
        <Failed error={found.error} what="The rows" />
      ) : found.error && isCondition(found.error) ? null : rows.length === 0 ? (
        <Nothing title="No row fits">
          <p>
            {where || segment
              ? "Show all rows, or choose another range or segment above."
              : "No prediction was made in this range. Choose another range above."}
          </p>
        </Nothing>
      ) : (
        <>
          <RowsTable model={model} rows={rows} />
          <p className="rows-foot" aria-live="polite">
            {found.hasNextPage ? (
              <button
                type="button"
                className="button"
                disabled={found.isFetchingNextPage}
                onClick={() => void found.fetchNextPage()}
              >
                {found.isFetchingNextPage ? "Loading…" : `Show ${PAGE} more rows`}
              </button>
            ) : null}
            <span className="faint">
              {counted(rows.length, "row")} shown
              {found.hasNextPage ? "; there are more" : ", that is all"}.
            </span>
          </p>
        </>
      )}
    </>
  );
}

const isCondition = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 400 && /^where/i.test(error.message);

/** A condition that somebody writes; it is asked when it is whole. */
function Condition(props: {
  where: string;
  onChange: (where: string) => void;
  error: unknown;
}): ReactNode {
  const { where, onChange, error } = props;
  const [text, setText] = useState(where);
  useEffect(() => setText(where), [where]);
  const isWrong = isCondition(error);
  return (
    <form
      className="condition"
      onSubmit={(event) => {
        event.preventDefault();
        onChange(text.trim());
      }}
    >
      <label>
        <span className="soft">Rows where</span>
        <input
          type="text"
          data-search
          spellCheck={false}
          autoComplete="off"
          value={text}
          placeholder='temp > 90 && origin == "LGA"'
          aria-invalid={isWrong}
          aria-describedby="condition-note"
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <button type="submit" className="button">
        Show these rows
      </button>
      {where ? (
        <button type="button" className="text-button" onClick={() => onChange("")}>
          Show all rows
        </button>
      ) : null}
      <p
        id="condition-note"
        className={isWrong ? "tone-fail" : "faint"}
        role={isWrong ? "alert" : undefined}
      >
        {isWrong && error instanceof Error
          ? error.message
          : "A condition in CEL over the model's columns; == null finds what is missing."}
      </p>
    </form>
  );
}

function Downloads(props: { path: string; params: Record<string, string | undefined> }): ReactNode {
  return (
    <span className="downloads">
      <span className="soft">All of them as</span>
      {(["csv", "parquet", "json"] as const).map((format) => (
        <a
          key={format}
          href={addressOf(props.path, { ...props.params, format })}
          download={`rows.${format === "json" ? "jsonl" : format}`}
        >
          {format === "csv" ? "CSV" : format === "json" ? "JSON lines" : "Parquet"}
        </a>
      ))}
    </span>
  );
}
