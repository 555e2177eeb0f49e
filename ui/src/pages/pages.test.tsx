// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import comparisonJson from "../../fixtures/comparison.json";
import trackJson from "../../fixtures/track.json";
import type { ComparisonDocument, TrackDocument } from "../api/document";
import { navigate } from "../state/route";
import { ReportPage } from "./ReportPage";

// jsdom lays nothing out, so charts have no place to be drawn; the browser tests look at them.
vi.mock("../components/EChart", () => ({
  EChart: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));

const comparison = comparisonJson as unknown as ComparisonDocument;
const track = trackJson as unknown as TrackDocument;

beforeEach(() => {
  // Browsers have begun to return a promise here; an effect that hands it on breaks the page.
  window.scrollTo = (() => Promise.resolve()) as unknown as typeof window.scrollTo;
  Element.prototype.scrollIntoView = () => {};
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
  };
  navigate({ path: [], query: {} });
});
afterEach(cleanup);

const driftTable = () => screen.getByRole("table", { name: "Drift of every column" });
const names = () =>
  within(driftTable())
    .getAllByRole("link")
    .map((link) => link.textContent);

describe("comparison", () => {
  it("begins with the finding", () => {
    render(<ReportPage document={comparison} />);
    const heading = screen.getByRole("heading", { level: 1 });
    expect(heading.textContent).toBe(comparison.summary.headline);
    for (const warning of comparison.summary.warnings)
      expect(document.body.textContent).toContain(warning);
  });

  it("lists every column, strongest effect first", () => {
    render(<ReportPage document={comparison} />);
    expect(names()).toEqual(comparison.drift.ranking);
  });

  it("searches, and says how many it found", () => {
    render(<ReportPage document={comparison} />);
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "wind" } });
    expect(names().sort()).toEqual(["wind_dir", "wind_speed"]);
    expect(screen.getByText(`2 of ${comparison.drift.ranking.length} columns`)).toBeTruthy();
    expect(location.hash).toContain("q=wind");
  });

  it("sorts by a column's head and back, undefined last", () => {
    render(<ReportPage document={comparison} />);
    fireEvent.click(within(driftTable()).getByRole("button", { name: /^Column/ }));
    const sorted = names();
    expect(sorted).toEqual([...sorted].sort((a, b) => String(a).localeCompare(String(b))));
    expect(location.hash).toContain("sort.drift=column.asc");
    fireEvent.click(within(driftTable()).getByRole("button", { name: /^Effect/ }));
    expect(names().at(-1)).toBe("tailnum");
  });

  it("opens a feature, goes on with j, and comes back with Escape", () => {
    render(<ReportPage document={comparison} />);
    fireEvent.click(within(driftTable()).getByRole("link", { name: "temp" }));
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("temp");
    fireEvent.keyDown(window, { key: "j" });
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(comparison.drift.ranking[1]);
    fireEvent.keyDown(window, { key: "Escape" });
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(comparison.summary.headline);
  });

  it("turns a chart into its table and back", () => {
    navigate({ path: ["feature", "temp"], query: {} });
    render(<ReportPage document={comparison} />);
    fireEvent.click(screen.getByRole("button", { name: "Show table" }));
    const bins = comparison.drift.columns.temp?.distribution?.reference.length ?? 0;
    const table = within(screen.getByRole("region", { name: "Table of the chart" })).getByRole(
      "table",
    );
    expect(within(table).getAllByRole("row").length).toBeGreaterThan(bins);
    fireEvent.click(screen.getByRole("button", { name: "Show chart" }));
    expect(screen.getByRole("img", { name: /Distribution of temp/ })).toBeTruthy();
  });

  it("says that there is no such feature", () => {
    navigate({ path: ["feature", "nothing"], query: {} });
    render(<ReportPage document={comparison} />);
    expect(screen.getByText(/no column of that name/)).toBeTruthy();
  });

  it("stands without performance, quality and checks", () => {
    const bare = { ...comparison, performance: null, quality: null, checks: [] };
    render(<ReportPage document={bare} />);
    expect(names()).toEqual(comparison.drift.ranking);
    expect(screen.queryByRole("heading", { name: "Data quality" })).toBeNull();
  });

  it("keeps the rest when one part is broken", () => {
    const silence = vi.spyOn(console, "error").mockImplementation(() => {});
    const broken = { ...comparison, quality: { scores: null } } as unknown as ComparisonDocument;
    render(<ReportPage document={broken} />);
    expect(screen.getByText(/could not be drawn/)).toBeTruthy();
    expect(names()).toEqual(comparison.drift.ranking);
    silence.mockRestore();
  });

  it("shows its keys on ?", () => {
    render(<ReportPage document={comparison} />);
    fireEvent.keyDown(window, { key: "?" });
    expect(screen.getByRole("dialog").textContent).toContain("search the features");
  });
});

describe("track", () => {
  it("lists every window and opens one", () => {
    render(<ReportPage document={track} />);
    const table = screen.getByRole("table", { name: "All windows" });
    expect(within(table).getAllByRole("row").length).toBe(track.windows.length + 1);
    fireEvent.click(within(table).getByRole("link", { name: track.windows[2]?.name ?? "" }));
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(track.windows[2]?.name);
  });

  it("has a cell for every column and window, with its words", () => {
    render(<ReportPage document={track} />);
    const first = track.ranking[0] ?? "";
    const cells = screen.getAllByRole("button", { name: new RegExp(`^${first}, `) });
    expect(cells.length).toBe(track.windows.length);
    fireEvent.click(cells[3] as HTMLElement);
    expect(location.hash).toBe("#/window/3");
  });
});
