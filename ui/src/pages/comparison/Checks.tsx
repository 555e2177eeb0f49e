import type { ReactNode } from "react";
import type { Check, Summary } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { StatusMark } from "../../components/Mark";
import { Section } from "../../components/Section";
import { counted } from "../../lib/format";
import type { Route } from "../../lib/route";
import { plainWord } from "../../lib/words";

const RANK = { fail: 0, warn: 1, not_enough_data: 2, pass: 3 };

const COLUMNS: Column<Check>[] = [
  {
    id: "status",
    title: "Status",
    value: (check) => RANK[check.status],
    cell: (check) => <StatusMark status={check.status} />,
  },
  { id: "message", title: "What was found", value: (check) => check.message, isWrapped: true },
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
