import type { Noticed } from "@gitops-actions/fleet";
import { type Finding, listSome, makeFinding } from "@gitops-actions/report";
import type { Pair } from "./compare.ts";
import type { RenderedPair } from "./pairs.ts";
import type { Side } from "./side.ts";

/** Files of folders of manifests that were rendered at the base, are still there, and are rendered no longer. */
export interface Unread {
  findings: Finding[];
  /** Those of which what they deployed only looks removed. */
  lost: ReadonlySet<string>;
}

const most = 20;

/**
 * Finds the manifests that a change takes out of what is looked at while their files are still there: they became no
 * manifests, or inputs of tests, or parts of a chart. What gitops.yaml ignores or lists no more is told elsewhere.
 */
export async function findUnread(
  { head, base }: { head: Side; base?: Side },
  pairs: readonly Pair[],
): Promise<Unread> {
  const lost = new Set<string>();
  if (!base) return { findings: [], lost };
  const causes = new Map<string, { paths: string[]; ids: Set<string>; why: string; isTrue: boolean }>();
  const isRead = readAt(head);
  for (const { id, base: before } of pairs) {
    if (before?.overlay.kind !== "plain" || isLeftOut(before.overlay.path, head.fleet.noticed)) continue;
    for (const path of before.closure.files) {
      if (isRead(path) || !(await isThere(head, path))) continue;
      const { why, isTrue } = causeOf(path, head);
      if (why === unknown && head.sightings.size < head.fleet.overlays.length) continue;
      if (!isTrue) lost.add(path);
      const folder = before.overlay.path;
      const cause = causes.get(`${folder} ${why}`) ?? { paths: [], ids: new Set(), why, isTrue };
      cause.paths.push(path);
      cause.ids.add(id);
      causes.set(`${folder} ${why}`, cause);
    }
  }
  return { findings: [...causes.values()].map(finding), lost };
}

function finding({
  paths,
  ids,
  why,
  isTrue,
}: {
  paths: string[];
  ids: Set<string>;
  why: string;
  isTrue: boolean;
}) {
  const are = paths.length === 1 ? "is" : "are";
  return makeFinding({
    rule: "render/no-longer-read",
    severity: isTrue ? "warning" : "error",
    message: `${listSome(paths, most)} ${are} no longer looked at, but still there: ${why}`,
    help: "Mend what takes them out of what is checked, or remove the files. What nobody deploys can be named in `ignore` of gitops.yaml: it is then listed as skipped.",
    location: { path: paths[0]!, line: 1, precision: "near", via: [] },
    overlays: [...ids],
    discriminator: paths.join(" "),
  });
}

/** The changes without those that only look like removals, because their file is not read any more. */
export function withoutLost(each: RenderedPair, lost: ReadonlySet<string>): RenderedPair {
  const { base } = each.outcomes;
  const sources = (base?.status === "rendered" && base.sources) || [];
  if (lost.size === 0 || sources.length === 0) return each;
  const isLost = (line: number): boolean =>
    lost.has(sources.findLast((source) => source.line <= line)?.path ?? "");
  const changes = each.changes.filter(({ kind, base }) => kind !== "removed" || !base || !isLost(base.line));
  return { ...each, changes };
}

const unknown = "nothing in it looks like an object of the Kubernetes API";

function causeOf(path: string, { tree, fleet }: Side): { why: string; isTrue: boolean } {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
  const name = path.slice(path.lastIndexOf("/") + 1);
  const here = fleet.noticed.filter((each) => each.path === folder && causes.has(each.code));
  const found = here.find(({ message }) => message.includes(name));
  if (found) return { why: found.message, isTrue: found.code === "unlisted-manifest" };
  for (let at = folder; ; at = at.includes("/") ? at.slice(0, at.lastIndexOf("/")) : ".") {
    const chart = at === "." ? "Chart.yaml" : `${at}/Chart.yaml`;
    if (tree.get(chart))
      return { why: `${chart} makes it a part of a chart, which does not render it`, isTrue: false };
    if (at === ".") break;
  }
  const [first] = here;
  return first
    ? { why: first.message, isTrue: first.code === "unlisted-manifest" }
    : { why: unknown, isTrue: false };
}

const causes: ReadonlySet<string> = new Set([
  "template",
  "tool-file",
  "test-fixture",
  "unlisted-manifest",
  "not-manifest",
]);

function isLeftOut(path: string, noticed: readonly Noticed[]): boolean {
  return noticed.some(
    (each) => each.path === path && (each.code === "ignored" || each.code === "not-listed"),
  );
}

/** Whether something that is rendered reads a file. A chart holds files that no template reads. */
function readAt({ sightings }: Side): (path: string) => boolean {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const { overlay, closure } of sightings.values()) {
    for (const file of closure.files) files.add(file);
    for (const folder of closure.directories) {
      if (overlay.kind !== "helm") folders.add(`${folder}/`);
      else
        for (const part of ["templates", "crds"])
          folders.add(folder === "" ? `${part}/` : `${folder}/${part}/`);
    }
  }
  return (path) => files.has(path) || [...folders].some((folder) => path.startsWith(folder));
}

/** Whether there is more in a file than comments: who comments a manifest out removes it. */
async function isThere({ tree }: Side, path: string): Promise<boolean> {
  if (tree.get(path)?.kind !== "file") return false;
  const text = new TextDecoder().decode(await tree.read(path));
  return text.split(/\r?\n/).some((line) => !/^\s*(?:#.*|%.*|---.*|\.\.\.\s*)?$/.test(line));
}
