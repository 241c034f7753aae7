/** A place where a JSON schema refers to another document. */
export interface SchemaReference {
  url: string;
  /** 1-based. */
  line: number;
}

/**
 * The references of a values.schema.json that lead to other documents. Helm compiles it as `file:///values.schema.json`
 * with loaders for file, http and https (pkg/chart/common/util/jsonschema.go), so that a relative reference is a path
 * from the root of the machine's file system. References within the document and to the published metaschemas,
 * which the compiler has built in, lead nowhere else.
 */
export function schemaReferences(text: string): SchemaReference[] {
  const found: SchemaReference[] = [];
  const pattern = /"(?:\$ref|\$dynamicRef|\$recursiveRef|\$schema)"\s*:\s*"((?:[^"\\]|\\.)*)"/g;
  for (const match of text.matchAll(pattern)) {
    const url = unquote(match[1] ?? "");
    if (isOwn(url, text)) continue;
    found.push({ url, line: text.slice(0, match.index).split("\n").length });
  }
  return found;
}

function unquote(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

function isOwn(url: string, schema: string): boolean {
  const document = url.replace(/#.*$/, "");
  if (document === "" || /^urn:/i.test(document)) return true;
  if (/^https?:\/\/json-schema\.org\/(?:schema$|draft-0[4-7]\/|draft\/20(?:19-09|20-12)\/)/.test(document))
    return true;
  // A definition of the same document may carry its own $id.
  return schema.includes(`"$id": "${document}"`) || schema.includes(`"id": "${document}"`);
}
