import type { Problem } from "@gitops-actions/manifest";
import { type Finding, type Location, makeFinding } from "@gitops-actions/report";
import type { Group } from "./documents.ts";

const unreadable: Partial<Record<Problem["code"], string>> = {
  "no-kind": "missing-kind",
  "no-api-version": "missing-kind",
  "not-an-object": "not-an-object",
};

/**
 * What kept documents of a group from being read as resources. Duplicate keys and names are kubeconform's to tell. Of the
 * base, only documents that `head` has as well: of another that cannot be read nobody knows what is wrong with it.
 */
export function documentFindings(group: Group, head?: Group): Finding[] {
  const isThere = ({ line }: Problem): boolean =>
    head?.text === undefined || documentsOf(head.text).includes(documentAt(group.text ?? "", line));
  return group.problems
    .filter(({ code }) => code !== "duplicate-key" && code !== "no-name")
    .filter((problem) => head === undefined || isThere(problem))
    .map(({ code, message, line, column, document, source }) => {
      const location = placeOf(group, source, line, column);
      return makeFinding({
        rule: `kubeconform/${unreadable[code] ?? "not-yaml"}`,
        severity: "error",
        message: location
          ? message
          : `document ${document + 1} of the rendered manifests (line ${line}): ${message}`,
        overlays: [group.overlay],
        discriminator: `${group.overlay} ${message}`,
        ...(location && { location }),
      });
    });
}

function documentsOf(text: string): string[] {
  return text.split(/^---(?:[ \t].*)?$/m).map((each) => each.trim());
}

function documentAt(text: string, line: number): string {
  const isMarker = (each: string | undefined): boolean =>
    each === undefined || /^---(?:[ \t].*)?$/.test(each);
  const lines = text.split(/\r\n|\n|\r/);
  let start = Math.min(line - 1, lines.length - 1);
  let end = start + 1;
  while (!isMarker(lines[start])) start--;
  while (!isMarker(lines[end])) end++;
  return lines
    .slice(start + 1, end)
    .join("\n")
    .trim();
}

/** The place in a file of the repository, where the document stands in one as it is. */
export function placeOf(
  { overlay, sources }: Group,
  source: string,
  line: number,
  column: number,
): Location | undefined {
  if (source === overlay) return { path: source, line, column, precision: "exact", via: [] };
  const own = sources?.findLast((each) => each.line <= line);
  return own && { path: own.path, line: line - own.line + 1, column, precision: "exact", via: [] };
}
