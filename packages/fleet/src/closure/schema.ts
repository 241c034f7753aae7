import { fieldsOf, itemsOf, readThoroughly, textOf, type YamlNode } from "../document.ts";

/** A place where a JSON schema refers to another document. */
export interface SchemaReference {
  url: string;
  /** 1-based. */
  line: number;
}

const keywords = new Set(["$ref", "$dynamicRef", "$recursiveRef", "$schema"]);

/**
 * The references of a values.schema.json that lead to other documents. Helm compiles it as `file:///values.schema.json`
 * with loaders for file, http and https (pkg/chart/common/util/jsonschema.go), so that a relative reference is a path
 * from the root of the machine's file system. References within the document and to the published metaschemas,
 * which the compiler has built in, lead nowhere else. That a document calls itself by some address (`$id`) is no reason
 * to believe it: which ids count depends on the draft and on where they stand.
 */
export function schemaReferences(text: string): SchemaReference[] {
  const urls = new Set<string>();
  try {
    JSON.parse(text, (key, value) => {
      if (keywords.has(key) && typeof value === "string" && !isOwn(value)) urls.add(value);
      return value;
    });
  } catch {
    // Helm cannot read it either, and says so.
  }
  const lines = urls.size > 0 ? linesOf(text) : new Map<string, number>();
  return [...urls].map((url) => ({ url, line: lines.get(url) ?? 1 }));
}

/** The first line of each reference, as far as the text can be read as YAML, which knows lines. */
function linesOf(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  const visit = (node: YamlNode): void => {
    for (const item of itemsOf(node)) visit(item);
    for (const { key, value, line } of fieldsOf(node)) {
      const url = keywords.has(key) ? textOf(value) : undefined;
      if (url !== undefined && !lines.has(url)) lines.set(url, line);
      visit(value);
    }
  };
  visit(readThoroughly(text)[0]?.root ?? null);
  return lines;
}

function isOwn(url: string): boolean {
  const document = url.replace(/#.*$/, "");
  if (document === "" || /^urn:/i.test(document)) return true;
  return /^https?:\/\/json-schema\.org\/(?:schema|draft-0[4-7]\/schema|draft\/20(?:19-09|20-12)\/(?:schema|meta\/[a-z-]+))$/.test(
    document,
  );
}
