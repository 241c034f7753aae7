import {
  appOf,
  type Cell,
  cellKey,
  discover,
  kustomizationNames,
  type Overlay,
  ownerOfOverlay,
  type Placeless,
  placelessSlots,
  sourcesOf,
} from "@gitops-actions/fleet";
import { parseSource, splitPointer } from "@gitops-actions/manifest";
import { type Finding, type Location, listSome, makeFinding, nearest } from "@gitops-actions/report";
import type { PromoteInputs } from "./inputs.ts";
import { isAsked } from "./promote.ts";
import { type Branch, branchOf, type State, takesAll } from "./state.ts";

export const nowhereRule = "promotion/nowhere-to-write";
/** So many apps are named in one note. */
const most = 20;

/** What is said of versions that cannot go on. */
export interface Stuck {
  findings: Finding[];
  notes: string[];
}

/** An environment that versions come to, and the overlays that are its own. */
interface Goal {
  environment: string;
  source: string;
  branch: Branch;
  overlaysOf(app: string): Promise<Overlay[]>;
}

/**
 * Says of each version that it cannot go on because nothing in the next environment could take it: else it would look like
 * a version that is there already. An app that an environment never had is a note; it fails only a promotion of just that.
 */
export async function findStuck(state: State, inputs: PromoteInputs): Promise<Stuck> {
  const stuck: Stuck = { findings: [], notes: [] };
  for (const own of state.environments) {
    const [source] = sourcesOf(own);
    if (source === undefined || takesAll(state, own.name)) continue;
    const goal = goalOf(state, own.name, source);
    const absent: string[] = [];
    for (const cell of state.cells.values()) {
      const place = { app: cell.app, environment: own.name };
      if (cell.environment !== source || !isAsked(inputs, place)) continue;
      const target = state.cells.get(cellKey(place));
      const left = placelessSlots(cell, target);
      if (left.length === 0) continue;
      const exactly = isExactly(inputs, place);
      const overlays = await goal.overlaysOf(cell.app);
      if (target || overlays.length > 0) {
        const misspelt = misspeltIn(state, cell);
        await addPlaceless(stuck, { ...goal, misspelt }, cell, left, overlays[0], exactly);
      } else if (!addRemoved(stuck, state, goal, cell, exactly)) {
        if (exactly) stuck.findings.push(absentFinding(goal, cell));
        else absent.push(cell.app);
      }
    }
    if (absent.length > 0) stuck.notes.push(describeAbsent(own.name, source, absent.sort()));
  }
  return stuck;
}

/** Whether just this promotion was asked for: then that it is impossible is a failure. */
function isExactly(
  { operation, apps, environments }: PromoteInputs,
  { app, environment }: { app: string; environment: string },
): boolean {
  return operation === "promote" && apps.includes(app) && environments.includes(environment);
}

function goalOf(state: State, environment: string, source: string): Goal {
  const branch = branchOf(state, environment);
  const known = new Set(state.environments.map(({ name }) => name));
  const here = state.environments.filter(({ name }) => branchOf(state, name) === branch);
  const only =
    here.length === 1 && (branch !== state.defaultBranch || here[0]?.branch !== undefined)
      ? environment
      : undefined;
  let found: Promise<Overlay[]> | undefined;
  return {
    environment,
    source,
    branch,
    async overlaysOf(app) {
      found ??= discover(branch.tree, state.config).then(({ overlays }) => overlays);
      return (await found).filter((overlay) => {
        const owner = ownerOfOverlay(overlay, known, only);
        return owner?.environment === environment && appOf(owner) === app;
      });
    },
  };
}

async function addPlaceless(
  { findings, notes }: Stuck,
  goal: Goal & { misspelt: ReadonlyMap<string, string> },
  { app }: Cell,
  left: readonly Placeless[],
  overlay: Overlay | undefined,
  exactly: boolean,
): Promise<void> {
  const { environment, source } = goal;
  for (const each of left) {
    const { subject, places } = each.slot;
    const [place] = places;
    const line = Math.min(...Object.values(place!.parts).map((part) => part.line), Number.POSITIVE_INFINITY);
    const there = `${place!.path}${Number.isFinite(line) ? `:${line}` : ""}`;
    if (each.own) {
      notes.push(
        `${app} in ${environment} has no place for ${subject}, which ${source} has in an object of its own (${there})`,
      );
      continue;
    }
    const right = goal.misspelt.get(subject);
    const { why, location } =
      right === undefined
        ? await explain(goal, each, overlay)
        : {
            why: `only ${source} names it so. Did you mean \`${right}\` there?`,
            location: at(place!.path, Number.isFinite(line) ? line : 1),
          };
    findings.push(
      makeFinding({
        rule: nowhereRule,
        severity: exactly ? "error" : "warning",
        message: `${app} in ${environment}: nowhere to write ${subject}, which ${source} runs: ${why}`,
        help:
          right === undefined
            ? `A promotion writes only where a version stands already: give ${environment} the field that ${source} has (${there}). Until then what ${environment} runs of it comes from a base or a default, without promotion.`
            : `Correct it in ${source} (${there}), or give ${environment} the same.`,
        location,
        discriminator: `${app}/${environment}/${subject}`,
      }),
    );
  }
}

interface Reason {
  why: string;
  location?: Location;
}

async function explain(
  { branch }: Goal,
  { slot, beside, others }: Placeless,
  overlay: Overlay | undefined,
): Promise<Reason> {
  if (beside) {
    const { path, parts } = beside.places[0]!;
    const roles = (["tag", "digest", "version", "value"] as const).filter((role) => slot.version[role]);
    const fields = roles.map((role) => splitPointer(slot.places[0]?.parts[role]?.pointer ?? "").at(-1));
    const line = Object.values(parts)[0]?.line ?? 1;
    return {
      why: `${path} has no \`${fields.join("` and no `")}\` there`,
      location: at(path, line),
    };
  }
  const path = overlay && writtenFile(branch, overlay);
  if (path === undefined) return { why: "no file of it names one" };
  if (slot.kind !== "kustomize-image" || overlay?.kind !== "kustomize")
    return {
      why: `${path} has none${others.length > 0 ? `, but ${quoted(others)}` : ""}${meant(slot.subject, others)}`,
      location: at(path, 1),
    };
  const text = new TextDecoder().decode(await branch.tree.read(path));
  const read = parseSource(text, path);
  const line = read.locate(0, "/images")?.line;
  const root = read.documents[0]?.value as { images?: { name?: unknown }[] } | null | undefined;
  const images = Array.isArray(root?.images) ? root.images : [];
  const names = images.flatMap((image) => (typeof image?.name === "string" ? image.name : []));
  const own = names.includes(slot.subject);
  return {
    why: own
      ? `${path} names it in \`images:\` without a tag or digest`
      : names.length > 0
        ? `${path} names ${quoted(names)} in \`images:\`${meant(slot.subject, others)}`
        : `${path} has no \`images:\``,
    location: at(path, line ?? 1),
  };
}

/** The file of an overlay in which a person would write a version. */
function writtenFile({ tree }: Branch, { kind, path, options }: Overlay): string | undefined {
  const inFolder = (name: string): string => (path === "." ? name : `${path}/${name}`);
  if (kind === "kustomize") return kustomizationNames.map(inFolder).find((name) => tree.get(name));
  if (kind === "helm") return options.values.at(-1) ?? inFolder("values.yaml");
  return tree.children(path === "." ? "" : path).find((entry) => /\.(?:ya?ml|json)$/.test(entry.path))?.path;
}

/** Whether the environment had the app once; then says since when it is gone. */
function addRemoved(
  { findings }: Stuck,
  { history }: State,
  { environment, source }: Goal,
  { app }: Cell,
  exactly: boolean,
): boolean {
  const transitions = history.get(cellKey({ app, environment })) ?? [];
  const last = transitions.find(({ cell }) => cell)?.cell;
  if (!last) return false;
  const path = last.slots[0]?.places[0]?.path;
  findings.push(
    makeFinding({
      rule: nowhereRule,
      severity: exactly ? "error" : "warning",
      message: `${app} in ${environment}: nowhere to write what ${source} runs: ${path} is gone since commit ${transitions[0]?.commit.id.slice(0, 7)}`,
      help: `Bring it back if ${environment} should run ${app}. If it should not, nothing is to be done.`,
      discriminator: `${app}/${environment}`,
    }),
  );
  return true;
}

function absentFinding({ environment, source }: Goal, { app }: Cell): Finding {
  return makeFinding({
    rule: nowhereRule,
    severity: "error",
    message: `${app} in ${environment}: nowhere to write what ${source} runs: ${environment} has no overlay or values file of ${app}`,
    help: `Add one, or see that \`overlays:\` and \`charts:\` in gitops.yaml find it (gitops overlays lists all).`,
    discriminator: `${app}/${environment}`,
  });
}

function describeAbsent(environment: string, source: string, apps: readonly string[]): string {
  return `${environment} does not have ${listSome(apps, most)}: what ${source} runs of ${apps.length === 1 ? "it" : "them"} goes no further`;
}

function at(path: string, line: number): Location {
  return { path, line, precision: "near", via: [] };
}

function quoted(names: readonly string[]): string {
  return listSome(
    names.map((name) => `\`${name}\``),
    most,
  );
}

/** A subject that only the target has, and that is nearly the one that is looked for. Which is wrong nobody can tell. */
function meant(subject: string, others: readonly string[]): string {
  const near = nearest(subject, others);
  return near === undefined ? "" : `. Did you mean \`${near}\` and \`${subject}\` to be the same?`;
}

/** By the subjects of a cell that the environment before it does not have, what they were probably meant to be. */
function misspeltIn(state: State, cell: Cell): Map<string, string> {
  const own = state.environments.find(({ name }) => name === cell.environment);
  const [before] = own ? sourcesOf(own) : [];
  const above = before && state.cells.get(cellKey({ app: cell.app, environment: before }));
  const found = new Map<string, string>();
  for (const { slot, others } of above ? placelessSlots(above, cell) : []) {
    const near = nearest(slot.subject, others);
    if (near !== undefined) found.set(near, slot.subject);
  }
  return found;
}
