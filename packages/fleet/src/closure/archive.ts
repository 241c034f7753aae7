import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";

/** Of all archives of a chart together: Helm itself reads no more (MaxDecompressedChartSize). */
const maxBytes = 100 * 1024 * 1024;
const maxDepth = 8;

/**
 * The texts of all values.schema.json in a packed chart (.tgz), also of the charts packed in it, as Helm finds them:
 * by their name alone. Rejects for what is no archive, too large, or packed too often.
 */
export async function archivedSchemas(bytes: Uint8Array, depth = 0): Promise<string[]> {
  if (depth > maxDepth) throw new Error("charts are packed in one another too often");
  const schemas: string[] = [];
  const tar = extract();
  tar.end(gunzipSync(bytes, { maxOutputLength: maxBytes }));
  for await (const entry of tar) {
    const { name, type } = entry.header;
    const schema = name.endsWith("values.schema.json");
    if (type === "directory" || !(schema || name.endsWith(".tgz"))) {
      entry.resume();
      continue;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const content = Buffer.concat(chunks);
    if (schema) schemas.push(content.toString("utf8"));
    else schemas.push(...(await archivedSchemas(content, depth + 1)));
  }
  return schemas;
}
