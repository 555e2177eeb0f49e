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
  name?: string;
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

/** The file that a part of the application begins in. */
function fileOf(name: string): string {
  const found = Object.keys(files).filter((key) => files[key]?.name === name);
  expect(found, name).toHaveLength(1);
  return found[0] ?? "";
}

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

/** A name that stands in ECharts' drawing, however it is minified. */
const isCharts = (key: string): boolean => codeOf(key).includes("ecmeta_");

describe("what a page loads before it is seen", () => {
  const entry = "index.html";
  const pages = ["Fleet", "AlertsPage", "ModelPage", "DashboardPage"];

  it("is less than 400 kB of JavaScript, compressed", () => {
    expect(files[entry]?.isEntry).toBe(true);
    for (const page of pages) {
      expect(sizeOf(together(entry, fileOf(page))), page).toBeLessThan(400);
    }
  });

  it("has no code of charts", () => {
    for (const page of pages) {
      expect(together(entry, fileOf(page)).filter(isCharts), page).toEqual([]);
    }
  });

  it("leaves charts to what draws them, apart from what draws on a canvas", () => {
    const lines = together(fileOf("LinesBody"));
    const many = together(fileOf("ManyBody"));
    expect(lines.some(isCharts)).toBe(true);
    expect(sizeOf(many) - sizeOf(lines)).toBeLessThan(40);
  });
});
