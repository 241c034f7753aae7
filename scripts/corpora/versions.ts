// Which versions of public GitOps repositories are found: node scripts/corpora/versions.ts DIR [--write], where DIR holds
// unpacked repositories; our own examples are looked at as well. `--write` puts the tables into docs/promotion.md. The list they are held against is made here, line by line and without packages/fleet: an image, a chart
// version or a revision that neither moves nor is named as not moved, with a reason, fails the run. Then each version
// that moves is set to another one and back: the file must be byte for byte what it was.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  applyEdits,
  editsOf,
  type FileVersions,
  rawOf,
  readVersions,
  type Slot,
} from "@gitops-actions/fleet";
import { markdownTable } from "markdown-table";

interface Line {
  path: string;
  line: number;
  text: string;
  type: string;
}

const types: [string, RegExp][] = [
  ["image", /^\s*(?:-\s+)?image:\s+["']?[^\s"'#{}[\]|>&*]+:[^\s"'#]*[^\s"'#:]/],
  ["newTag", /^\s*(?:-\s+)?newTag:\s*\S/],
  ["newName", /^\s*(?:-\s+)?newName:\s*\S/],
  ["image with digest", /^\s*(?:-\s+)?image:\s+["']?[^\s"'#{}[\]|>&*]+@sha256:/],
  ["digest", /^\s*(?:-\s+)?digest:\s*["']?sha256:/],
  ["targetRevision", /^\s*(?:-\s+)?targetRevision:\s*\S/],
  ["remote ref", /^\s*-\s+["']?[^\s"'#]+[?&]ref=/],
];

/** What a line-by-line reading of one file shows. */
function listLines(path: string, text: string): Line[] {
  const found: Line[] = [];
  const lines = text.split(/\r\n|\n|\r/);
  for (const [index, line] of lines.entries()) {
    for (const [type, pattern] of types)
      if (pattern.test(line)) found.push({ path, line: index + 1, text: line.trim(), type });
    const of = aroundOf(path, lines, index);
    if (of) found.push({ path, line: index + 1, text: line.trim(), type: of });
    // The version of a chart, and of what Flux fetches, by the lines around it.
    if (!/^\s*(?:-\s+)?(?:version|tag|semver):\s*["']?[v~^><=*\d]/.test(line)) continue;
    const near = lines.slice(Math.max(0, index - 6), index + 7).join("\n");
    const above = lines.slice(Math.max(0, index - 3), index).join("\n");
    if (/^\s*chart:\s*\S/m.test(near) && /HelmRelease/.test(text) && /sourceRef/.test(near))
      found.push({ path, line: index + 1, text: line.trim(), type: "HelmRelease" });
    else if (/(?:^|\n)\s*ref:\s*$/.test(above) && /(?:Git|OCI)Repository/.test(text))
      found.push({ path, line: index + 1, text: line.trim(), type: "Flux source" });
    else if (/tag/.test(line) && /^\s*repository:\s*\S/m.test(above))
      found.push({ path, line: index + 1, text: line.trim(), type: "image values" });
  }
  return found;
}

/** What a line is a version of by the file it stands in, and by the nearest line above that is indented less. */
function aroundOf(path: string, lines: readonly string[], index: number): string | undefined {
  const line = lines[index] ?? "";
  const name = path.slice(path.lastIndexOf("/") + 1);
  const depth = (text: string) => /^\s*(?:-\s+)?/.exec(text)?.[0].length ?? 0;
  const above = lines
    .slice(0, index)
    .reverse()
    .find((each) => each.trim() !== "" && !/^\s*#/.test(each) && depth(each) < depth(line))
    ?.trim();
  const chart = name === "Chart.yaml" || name === "requirements.yaml";
  if (chart && /^(?:app)?[vV]ersion:\s*\S/.test(line)) return "chart's own version";
  if (chart && /^\s*(?:-\s+)?version:\s*\S/.test(line) && above === "dependencies:")
    return "chart dependency";
  if (/^[Kk]ustomization(?:\.ya?ml)?$/.test(name) && /^\s*(?:-\s+)?(?:chartV|v)ersion:\s*\S/.test(line))
    return above === "helmCharts:" || above === "helmChartInflationGenerator:" ? "helmCharts" : undefined;
  if (/^\s*branch:\s*\S/.test(line) && above === "ref:") return "Flux branch";
  return undefined;
}

function* filesOf(folder: string, at = ""): Generator<string> {
  for (const entry of readdirSync(join(folder, at), { withFileTypes: true })) {
    const path = at === "" ? entry.name : `${at}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== ".git") yield* filesOf(folder, path);
    else if (entry.isFile() && /\.ya?ml$/.test(entry.name)) yield path;
  }
}

const counts = new Map<string, { listed: number; moves: number; refused: number; missed: number }>();
const kinds = new Map<string, number>();
const reasons = new Map<string, number>();
let edited = 0;
const wrong: string[] = [];

function judgeRecall(found: FileVersions, lines: readonly Line[]): void {
  const moves = new Set(found.slots.flatMap((slot) => Object.values(slot.parts).map((part) => part.line)));
  const refused = new Set(found.immovable.map(({ line }) => line));
  for (const line of lines) {
    const count = counts.get(line.type) ?? { listed: 0, moves: 0, refused: 0, missed: 0 };
    counts.set(line.type, count);
    count.listed++;
    if (moves.has(line.line)) count.moves++;
    else if (refused.has(line.line)) count.refused++;
    else {
      count.missed++;
      wrong.push(`missed ${line.type}: ${line.path}:${line.line}: ${line.text}`);
    }
  }
}

function writeTables(text: string): void {
  const path = join(import.meta.dirname, "../../docs/promotion.md");
  const document = readFileSync(path, "utf8");
  const written = document.replace(
    /(<!-- recall -->\n)[\s\S]*(<!-- \/recall -->)/,
    (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`,
  );
  writeFileSync(path, written);
}

/** Another version of the same form. */
function another(slot: Slot): Slot["version"] {
  const other = (value: string) =>
    /^sha256:/.test(value) ? `sha256:${"0123456789abcdef".repeat(4)}` : `${value.replace(/\d+$/, "")}9.8.7`;
  return Object.fromEntries(
    Object.entries(slot.version).map(([role, value]) => [
      role,
      role === "name" ? `${value}-x` : other(value),
    ]),
  );
}

function judgeEdits(path: string, text: string, slots: readonly Slot[]): void {
  for (const [index, slot] of slots.entries()) {
    if (Object.keys(slot.version).length === 0) continue;
    edited++;
    try {
      const { edits } = editsOf(slot, another(slot));
      const changed = applyEdits(text, edits);
      if (changed === text || !onlyParts(text, changed, slot))
        wrong.push(`edit: ${path}: ${slot.item}: changed more, or nothing`);
      const now = readVersions(path, changed).slots[index]!;
      const back = applyEdits(changed, editsOf(now, slot.version, rawOf(slot)).edits);
      if (back !== text) wrong.push(`edit: ${path}: ${slot.item}: is not what it was`);
    } catch (error) {
      wrong.push(`edit: ${path}: ${slot.item}: ${(error as Error).message}`);
    }
  }
}

/** Whether two texts are the same outside the bytes of a slot's parts: cut out there, nothing differs. */
function onlyParts(before: string, after: string, slot: Slot): boolean {
  const ranges = [
    ...new Map(Object.values(slot.parts).map((part) => [part.range[0], part.range])).values(),
  ].sort((a, b) => a[0] - b[0]);
  let at = 0;
  let rest = after;
  for (const [start, end] of ranges) {
    const kept = before.slice(at, start);
    if (!rest.startsWith(kept)) return false;
    rest = rest.slice(kept.length);
    const following = before.slice(end, ranges.find(([next]) => next > start)?.[0]);
    const found = following === "" ? rest.length : rest.indexOf(following);
    if (found < 0) return false;
    rest = rest.slice(found);
    at = end;
  }
  return rest === before.slice(at);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean" } },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error("usage: node scripts/corpora/versions.ts DIR [--write]");
  process.exit(2);
}
const root = join(import.meta.dirname, "../..");
for (const place of [folder, join(root, "examples")]) {
  for (const path of filesOf(place)) {
    const text = readFileSync(join(place, path), "utf8");
    const found = readVersions(path, text);
    for (const slot of found.slots) kinds.set(slot.kind, (kinds.get(slot.kind) ?? 0) + 1);
    for (const { code } of found.immovable) reasons.set(code, (reasons.get(code) ?? 0) + 1);
    judgeRecall(found, listLines(path, text));
    judgeEdits(path, text, found.slots);
  }
}
const rows = [...counts]
  .sort()
  .map(([type, { listed, moves, refused, missed }]) => [type, listed, moves, refused, missed].map(String));
const counted = (map: ReadonlyMap<string, number>) =>
  [...map].sort().map(([name, count]) => [name, String(count)]);
const tables = [
  markdownTable([["listed as", "lines", "moves", "named with a reason", "missed"], ...rows]),
  markdownTable([["found as", "places"], ...counted(kinds)]),
  markdownTable([["not moved because", "places"], ...counted(reasons)]),
  `${edited} versions were set to another and back: every file was byte for byte what it was, and each edit lay inside the value.`,
].join("\n\n");
console.log(tables);
if (values.write && wrong.length === 0) writeTables(tables);
for (const each of wrong.slice(0, 200)) console.log(each);
if (wrong.length > 0) console.log(`${wrong.length} are wrong`);
process.exitCode = wrong.length === 0 ? 0 : 1;
