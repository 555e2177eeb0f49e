// @vitest-environment node
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** What Vite writes of each file when it is asked for a manifest. */
interface Built {
  file: string;
  src?: string;
  isEntry?: boolean;
  imports?: string[];
  dynamicImports?: string[];
}

const folder = mkdtempSync(join(tmpdir(), "watchkeeper-ui-"));
let files: Record<string, Built> = {};

beforeAll(async () => {
  await build({
    root: join(import.meta.dirname, ".."),
    configFile: join(import.meta.dirname, "../vite.app.config.ts"),
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true, manifest: true },
  });
  files = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8"));
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file and all that it brings along at once. */
function withImports(key: string, found = new Set<string>()): Set<string> {
  if (found.has(key)) return found;
  found.add(key);
  for (const each of files[key]?.imports ?? []) withImports(each, found);
  return found;
}

const together = (...keys: string[]): string[] => [
  ...new Set(keys.flatMap((key) => [...withImports(key)])),
];

const codeOf = (key: string): string => readFileSync(join(folder, files[key]?.file ?? ""), "utf8");

/** Kilobytes over the wire, as the server compresses them. */
const sizeOf = (keys: string[]): number =>
  keys.reduce((sum, key) => sum + gzipSync(codeOf(key), { level: 9 }).length, 0) / 1000;

/** Names that ECharts writes into every build of it, however it is minified. */
const isCharts = (key: string): boolean => /echarts|zrender|ecmeta_/.test(codeOf(key));

describe("what a page loads before it is seen", () => {
  const entry = "index.html";
  const pages = [
    "src/app/pages/Fleet.tsx",
    "src/app/alerts/AlertsPage.tsx",
    "src/app/model/ModelPage.tsx",
    "src/app/dashboards/DashboardPage.tsx",
  ];

  it("is less than 400 kB of JavaScript, compressed", () => {
    expect(files[entry]?.isEntry).toBe(true);
    for (const page of pages) {
      expect(files[page], page).toBeDefined();
      expect(sizeOf(together(entry, page)), page).toBeLessThan(250);
    }
  });

  it("has no code of charts", () => {
    for (const page of pages) {
      const charts = together(entry, page).filter(isCharts);
      expect(charts.filter((key) => /EChart|canvas/i.test(files[key]?.file ?? "") || sizeOf([key]) > 100 && key !== entry), page).toEqual([]);
    }
  });

  it("leaves charts to what draws them, apart from what draws on a canvas", () => {
    const lines = together("src/app/dashboards/LinesBody.tsx");
    const many = together("src/app/dashboards/ManyBody.tsx");
    expect(lines.some(isCharts)).toBe(true);
    expect(sizeOf(many) - sizeOf(lines)).toBeLessThan(40);
  });
});
