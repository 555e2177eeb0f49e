import { createHash } from "node:crypto";
import type { Plugin } from "vite";

/** The asset types of Rollup that this plugin reads; the rest of the bundle is left as it is. */
interface Asset {
  type: "asset" | "chunk";
  fileName: string;
  code?: string;
  source?: string | Uint8Array;
}

/** Text that may stand inside <script>: the parser looks for these, whatever the string around. */
export function escapeScript(code: string): string {
  return code
    .replaceAll(/<\/(script)/gi, "<\\/$1")
    .replaceAll("<!--", "<\\!--")
    .replaceAll(/<(script)/gi, "\\x3c$1");
}

const sha256 = (text: string): string =>
  `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;

/**
 * Puts the one script and the one style sheet of a page into its HTML, and a content security
 * policy that allows these two and nothing else: the page cannot fetch, load or send anything.
 */
export function singleFile(): Plugin {
  return {
    name: "watchkeeper-single-file",
    enforce: "post",
    apply: "build",
    generateBundle(_options, bundle) {
      const files = Object.values(bundle) as Asset[];
      const page = files.find((file) => file.fileName.endsWith(".html"));
      const chunks = files.filter((file) => file.type === "chunk");
      const styles = files.filter((file) => file.fileName.endsWith(".css"));
      if (!page || chunks.length !== 1 || styles.length !== 1) {
        throw new Error(
          `The report must be one page, one script and one style sheet; the build gave ${files.map((file) => file.fileName).join(", ")}.`,
        );
      }
      const script = escapeScript(String(chunks[0]?.code));
      const style = String(styles[0]?.source);
      const policy = [
        "default-src 'none'",
        `script-src ${sha256(script)}`,
        `style-src ${sha256(style)}`,
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
      ].join("; ");
      page.source = String(page.source)
        .replaceAll(/\s*<script type="module"[^>]*><\/script>/g, "")
        .replaceAll(/\s*<link rel="stylesheet"[^>]*>/g, "")
        .replace(
          "<!--policy-->",
          () => `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
        )
        .replace("<!--style-->", () => `<style>${style}</style>`)
        .replace("<!--script-->", () => `<script type="module">${script}</script>`);
      for (const file of [...chunks, ...styles]) delete bundle[file.fileName];
    },
  };
}
