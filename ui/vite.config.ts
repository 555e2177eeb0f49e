import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { singleFile } from "./plugins/single-file.ts";

export default defineConfig({
  plugins: [react(), singleFile()],
  build: {
    // The Python package takes the page from here; it is built, never committed.
    outDir: "../src/watchkeeper/reports/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    assetsInlineLimit: 1_000_000,
    chunkSizeWarningLimit: 2_000,
    rollupOptions: { input: "report.html" },
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}", "plugins/**/*.test.ts"] },
});
