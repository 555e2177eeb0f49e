import type { ReactNode } from "react";
import type { Check, Summary } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { StatusMark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Section } from "../../components/Section";
import { counted } from "../../lib/format";
import type { Route } from "../../lib/route";
import { capital, metricTitle, plainWord, sentence } from "../../lib/words";

const RANK = { fail: 0, warn: 1, not_enough_data: 2, pass: 3 };

const COLUMNS: Column<Check>[] = [
  {
    id: "status",
    title: "Status",
    value: (check) => RANK[check.status],
    cell: (check) => <StatusMark status={check.status} />,
  },
  {
    id: "subject",
    title: "Of",
    value: (check) => check.subject,
    cell: (check) => <CheckSubject check={check} />,
  },
  {
    id: "message",
    title: "What was found",
    value: (check) => check.message,
    cell: (check) => sentence(check.message),
    isWrapped: true,
  },
  { id: "group", title: "Part", value: (check) => plainWord(check.group), hide: "phone-hide" },
  { id: "severity", title: "Severity", value: (check) => check.severity, hide: "phone-hide" },
];

/** The checks that did not hold; those that did are only counted. */
export function ChecksSection(props: {
  checks: Check[];
  counts?: Summary["checks"] | undefined;
}): ReactNode {
  const broken = props.checks
    .filter((check) => check.status !== "pass")
    .sort((left, right) => RANK[left.status] - RANK[right.status]);
  if (broken.length === 0) return null;
  const passed = props.counts?.passed ?? props.checks.length - broken.length;
  return (
    <Section
      id="checks"
      title="Checks that did not hold"
      lead={passed ? `${counted(passed, "other check")} passed.` : undefined}
    >
      <DataTable
        id="checks"
        caption="Checks that failed, warned, or lacked data"
        columns={COLUMNS}
        rows={broken}
        limit={10}
        rowKey={(check) => check.id}
        to={routeOf}
      />
    </Section>
  );
}

/** A check on a column's drift leads to that column. */
function routeOf(check: Check): Route | null {
  return check.group === "drift" && !check.segment
    ? { path: ["feature", check.subject], query: {} }
    : null;
}

/** What the check is about, as the way to it where it is a column; with its segment. */
function CheckSubject({ check }: { check: Check }): ReactNode {
  const route = routeOf(check);
  const name = <Name text={metricOrName(check)} />;
  return (
    <>
      {route ? <Link to={route}>{name}</Link> : name}
      {check.segment ? (
        <span className="faint">
          {" "}
          <bdi>{check.segment.column}</bdi> <bdi>{check.segment.value}</bdi>
        </span>
      ) : null}
    </>
  );
}

const metricOrName = (check: Check): string =>
  check.group === "performance" ? capital(metricTitle(check.metric)) : check.subject;
