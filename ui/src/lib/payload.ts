import type { ReportDocument } from "../api/document";

/** Why a page has nothing to show, in words for its reader. */
export class UnreadableDocument extends Error {}

const SUPPORTED = "1";

async function inflate(base64: string): Promise<string> {
  if (typeof DecompressionStream === "undefined") {
    throw new UnreadableDocument(
      "This browser cannot unpack the report's data. Open it in Chrome 80, Firefox 113, Safari 16.4 or newer.",
    );
  }
  const bytes = Uint8Array.from(atob(base64.trim()), (char) => char.charCodeAt(0));
  const stream = new Response(bytes).body?.pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/** Refuses what is not a document of a version that this page knows. */
export function checkDocument(value: unknown): ReportDocument {
  const found = value as Partial<ReportDocument> | null;
  if (!found || typeof found !== "object" || typeof found.schema_version !== "string") {
    throw new UnreadableDocument("The data in this page are not a Watchkeeper report.");
  }
  if (found.schema_version.split(".")[0] !== SUPPORTED) {
    throw new UnreadableDocument(
      `The data are of schema version ${found.schema_version}; this page reads version ${SUPPORTED}. Make the report again with the same version of Watchkeeper that wrote the data.`,
    );
  }
  if (found.kind !== "comparison" && found.kind !== "track") {
    throw new UnreadableDocument(
      `This page shows comparisons and tracks, not a document of kind ${String((found as { kind?: unknown }).kind)}.`,
    );
  }
  return found as ReportDocument;
}

/** The document that the page carries: plain JSON when small, packed when not. */
export async function readDocument(page: Document): Promise<ReportDocument> {
  const holder = page.getElementById("watchkeeper-document");
  if (!holder) {
    throw new UnreadableDocument("This page carries no data: it is the template of a report.");
  }
  const text = holder.textContent ?? "";
  try {
    const packed = holder.dataset.encoding === "gzip+base64";
    return checkDocument(JSON.parse(packed ? await inflate(text) : text));
  } catch (error) {
    if (error instanceof UnreadableDocument) throw error;
    throw new UnreadableDocument(
      `The data in this page are damaged (${error instanceof Error ? error.message : String(error)}). Copy the file again, or make the report anew.`,
    );
  }
}
