import { type ReactNode, useMemo } from "react";
import type {
  CategoriesDistribution,
  CategoryCount,
  ColumnDrift,
  Distribution,
  EdgesDistribution,
} from "../../api/document";
import { distributionOption, edgeText } from "../../charts/distribution";
import { EChart } from "../../components/EChart";
import { Figure } from "../../components/Figure";
import { PairBars } from "../../components/PairBars";
import { Legend } from "../../components/Section";
import { counted, percent } from "../../lib/format";
import { outsideBars } from "../../lib/outline";

interface Props<T> {
  column: ColumnDrift;
  distribution: T;
  name: string;
  sides: { reference: string; current: string };
}

/** Reference and current laid over each other; what has no place on the axis stands beside it. */
export function FeatureDistribution(props: Props<Distribution>): ReactNode {
  const { distribution } = props;
  return distribution.kind === "categorical" ? (
    <Categories {...props} distribution={distribution} />
  ) : (
    <Outlines {...props} distribution={distribution} />
  );
}

function Outlines({ distribution, name, sides }: Props<EdgesDistribution>): ReactNode {
  const axisName =
    distribution.kind === "text"
      ? `length of ${name}`
      : distribution.kind === "datetime"
        ? `${name} (UTC)`
        : name;
  const option = useMemo(
    () => distributionOption(distribution, { name: cut(axisName), sides }),
    [distribution, axisName, sides],
  );
  const text = edgeText(distribution);
  const outside = outsideBars(distribution);
  const rows = distribution.reference.map((share, place) => [
    `${text(distribution.edges[place] ?? 0)} to ${text(distribution.edges[place + 1] ?? 0)}`,
    percent(share),
    percent(distribution.current[place]),
  ]);
  rows.push(...outside.map((bar) => [bar.label, percent(bar.reference), percent(bar.current)]));
  return (
    <Figure
      title="Distribution"
      aside={<Legend {...sides} />}
      table={{ columns: ["Values", sides.reference, sides.current], rows }}
    >
      <div className="split">
        <EChart
          option={option}
          height={300}
          label={`Distribution of ${name}: ${sides.reference} and ${sides.current} over each other. The table beside it holds the shares.`}
        />
        <div>
          <h3>Outside the axis</h3>
          <PairBars bars={outside} label={`Missing and out of range in ${name}`} />
        </div>
      </div>
    </Figure>
  );
}

const cut = (name: string): string => (name.length > 48 ? `${name.slice(0, 47)}…` : name);

function Categories({
  column,
  distribution,
  name,
  sides,
}: Props<CategoriesDistribution>): ReactNode {
  const bars = distribution.categories.map((label, place) => ({
    label,
    reference: distribution.reference[place] ?? null,
    current: distribution.current[place] ?? null,
  }));
  const outside = outsideBars(distribution);
  const fresh = column.new_categories ?? [];
  const gone = column.vanished_categories ?? [];
  const rows = [...bars, ...outside].map((bar) => [
    bar.label,
    percent(bar.reference),
    percent(bar.current),
  ]);
  return (
    <Figure
      title="Distribution"
      aside={<Legend {...sides} />}
      table={{ columns: ["Category", sides.reference, sides.current], rows }}
    >
      <div className="split">
        <PairBars bars={bars} label={`Categories of ${name}`} />
        <div>
          <h3>Outside the reference</h3>
          <PairBars bars={outside} label={`Missing and new categories of ${name}`} />
          <CategoryList title="New categories" items={fresh} />
          <CategoryList title="Vanished categories" items={gone} />
        </div>
      </div>
    </Figure>
  );
}

function CategoryList({ title, items }: { title: string; items: CategoryCount[] }): ReactNode {
  if (items.length === 0) return null;
  return (
    <div className="sub">
      <h3>{title}</h3>
      <ul>
        {items.slice(0, 12).map((item) => (
          <li key={String(item.value)}>
            <bdi>{item.value === "" ? "''" : (item.value ?? "(null)")}</bdi>{" "}
            <span className="soft">
              {percent(item.share)}, {counted(item.rows, "row")}
            </span>
          </li>
        ))}
        {items.length > 12 ? <li className="soft">and {items.length - 12} more</li> : null}
      </ul>
    </div>
  );
}
