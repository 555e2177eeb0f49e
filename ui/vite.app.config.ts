import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The web application: many files, served by `watchkeeper serve` under a strict policy. */
export default defineConfig({
  plugins: [react()],
  build: {
    // The Python package takes the files from here; they are built, never committed.
    outDir: "../src/watchkeeper/server/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // Nothing as a data: URL: the policy of the page knows files alone.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    rollupOptions: { input: "index.html" },
  },
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/api", "/healthz", "/readyz", "/openapi.json"].map((path) => [
        path,
        process.env.WATCHKEEPER_URL ?? "http://127.0.0.1:8470",
      ]),
    ),
  },
});
