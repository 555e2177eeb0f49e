import { afterEach, expect, it, vi } from "vitest";
import { load } from "./load";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("asks again while the server is away", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("away")));
  const importer = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new TypeError("away"))
    .mockRejectedValueOnce(new TypeError("away"))
    .mockResolvedValue("part");
  const loaded = load(importer);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await loaded).toBe("part");
  expect(importer).toHaveBeenCalledTimes(3);
});

it("says that a part is gone where the server is there", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}")));
  await expect(load(() => Promise.reject(new TypeError("no such file")))).rejects.toThrow(
    "no such file",
  );
});
