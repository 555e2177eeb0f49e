// Writes src/api/schema.ts, or a file that is named, from the description of the HTTP API in a file.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { generateApi } from "swagger-typescript-api";

const [input, output = "src/api/schema.ts"] = process.argv.slice(2);
const { files } = await generateApi({
  input: resolve(input),
  output: false,
  generateClient: false,
  silent: true,
});
const [file] = files;
const text = file.fileContent.replaceAll(/\bany\b(?=[;>|\]) ])/g, "unknown");
writeFileSync(resolve(output), text);
