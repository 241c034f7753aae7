import { type Json, joinPointer, type Resource, valueAt } from "@gitops-actions/manifest";
import { isAlike } from "./alike.ts";
import { findPrintedBody, findPrintedKey } from "./body.ts";
import type { Cause } from "./cause.ts";
import { findInFile } from "./chartfiles.ts";
import type { Instrumented } from "./charts.ts";
import type { World } from "./expression.ts";
import { type Found, near, type Part } from "./located.ts";
import { isPrintedAs } from "./printed.ts";
import type { Print, PrintedObject } from "./prints.ts";
import { findPrinted, foundIn } from "./template.ts";
import { positionOf } from "./text.ts";
import { weighSources } from "./weighsources.ts";

/** The place of a field of a resource that a chart printed. */
export function findInChart(
  home: PrintedObject,
  chart: Instrumented,
  resource: Pick<Resource, "value">,
  tokens: readonly string[],
  part: Part,
  /** A name that a mapping lacks, if its body is asked for. */
  lacks?: string,
): Found | undefined {
  const { print, text, document, base } = home;
  const value = valueAt(resource.value, joinPointer(tokens));
  if (value === undefined && tokens.length > 0) {
    const above = part === "value" ? "value" : "body";
    const parent = findInChart(home, chart, resource, tokens.slice(0, -1), above, tokens.at(-1));
    return parent && (part === "value" ? near(parent) : parent);
  }
  const path = [...base, ...tokens];
  const there = valueAt(text.source.documents[document]?.value, joinPointer(path));
  if (value === undefined || there === undefined) return print && near(foundIn(print.template, 0));
  const collection = typeof value === "object" && value !== null;
  if (!print) {
    const position = positionOf(text, document, joinPointer(path), collection || part !== "value");
    return position && { text, ...position };
  }
  const printed = { trail: print.trail, document, tokens: path, value: there };
  const { folder } = print.chart;
  const world: World = {
    ...{ values: print.values, definitions: chart.definitions, budget: 500 },
    filesMatching: (pattern) => chart.files.matching(folder, pattern),
  };
  const root = valueAt(text.source.documents[document]?.value, joinPointer(base));
  const fileAt = (name: string) => chart.files.at(folder, name);
  const parts = weighSources({ values: print.values, fileAt, root, lacks });
  if (part === "key") return findPrintedKey(printed, world, parts);
  if (part === "body") return findPrintedBody(printed, world, parts);
  const found = findPrinted(printed, world, (source, rest, expected) =>
    resolveSource(source, rest, expected, print, chart, root),
  );
  // Two renders may differ in what is random or tells the time.
  return found && (collection || isSameText(there, value) ? found : near(found));
}

/** Helm takes the white space from the end of each file, which a block scalar may count as its own. */
function isSameText(a: Json, b: Json): boolean {
  return isAlike(a, b) || (typeof a === "string" && typeof b === "string" && a.trimEnd() === b.trimEnd());
}

function resolveSource(
  source: Cause,
  rest: readonly string[],
  expected: Json,
  { values, metadata, chart }: Print,
  { files }: Instrumented,
  root: Json | undefined,
): Found | undefined {
  switch (source.kind) {
    case "values": {
      const path = [...source.path, ...rest];
      if (source.key) return path.at(-1) === expected ? values.key(path) : undefined;
      if (isPrintedAs(values.merged(path), expected)) return values.find(path);
      if (rest.length === 0) return undefined;
      const inside = values.inside(source.path, rest, expected);
      const around = inside ? undefined : values.keyInside(source.path, rest);
      return inside ?? (around && near(around));
    }
    case "chart": {
      const field = source.path[0]?.replace(/^[AV]/, (letter) => letter.toLowerCase());
      if (!metadata || (field !== "appVersion" && field !== "version")) return undefined;
      const value = valueAt(metadata.source.documents[0]?.value, `/${field}`);
      const position = isPrintedAs(value, expected) ? positionOf(metadata, 0, `/${field}`) : undefined;
      return position && { text: metadata, ...position };
    }
    case "text":
      return rest.length === 0 && source.value.trim() !== "" && isPrintedAs(source.value, expected)
        ? foundIn(source.template, source.offset)
        : undefined;
    case "file": {
      const file = source.key ? undefined : files.at(chart.folder, source.path);
      if (file && rest.length > 0) {
        const isWanted = (value: Json, written: string) =>
          isPrintedAs(value, expected) || isPrintedAs(written, expected);
        return findInFile(file, false, { rest, root, isWanted });
      }
      const same = file?.raw.trim() === String(expected).trim();
      return file && same ? { text: file.text, line: 1, column: 1, precision: "exact" } : undefined;
    }
    default:
      return undefined;
  }
}
