import { join, resolve } from "node:path";
import { type Event, type Host, workspaceOf } from "@gitops-actions/action";
import {
  type ChosenCommits,
  chooseCommits,
  openRepository,
  type Progress,
  type Repository,
  remoteAddresses,
  treeAt,
} from "@gitops-actions/engine";
import {
  type ClosureContext,
  changedInputs,
  createClosureContext,
  type Index,
  loadReviewedConfig,
  ownRepository,
} from "@gitops-actions/fleet";
import { makeReport, type Report } from "@gitops-actions/report";
import { type ChangeSummary, summariseChanges } from "./changes.ts";
import { type Pair, pairOverlays } from "./compare.ts";
import { toGitEvent } from "./event.ts";
import { findIdle } from "./idle.ts";
import { findIgnored } from "./ignored.ts";
import { describeSource, makeIndex } from "./index-entry.ts";
import { checkSettings, type RenderInputs } from "./inputs.ts";
import { renderedInputs } from "./judging.ts";
import { findLoosened } from "./loosened.ts";
import { emptyOutput } from "./output.ts";
import { changedOverrides, findOverrides } from "./overrides.ts";
import { type RenderedPair, renderPairs } from "./pairs.ts";
import { holdPolicies } from "./policies.ts";
import { makeRedactors, redactMessages } from "./redaction.ts";
import { reportParts } from "./reporting.ts";
import { requireMatches } from "./selection.ts";
import { readSide, type Side } from "./side.ts";
import { writePrivate } from "./store.ts";
import { readTrusted } from "./trust.ts";
import { findUnlisted } from "./unlisted.ts";
import { findUnpromoted } from "./unpromoted.ts";
import { findUnread, withoutLost } from "./unread.ts";

/** What a run is given besides its inputs. */
export interface RenderWorld {
  host: Host;
  /** Undefined on a laptop: the working tree is compared with the default branch. */
  event?: Event;
  progress: Progress;
  signal: AbortSignal;
  /** Random bytes with which Secret values are compared; never kept. */
  secretKey: Uint8Array;
}

export interface RenderOutcome {
  /** Absolute path of the folder with index.json and the manifests. Private: it holds Secret values. */
  directory: string;
  index: Index;
  report: Report;
  changes: ChangeSummary;
  /** Ids of the overlays whose rendered manifests differ, or that could not be compared. */
  changed: string[];
}

/**
 * Renders a repository's overlays at one commit or two and says how they differ.
 * Throws UsageError for wrong inputs or settings, ToolError when Git or a tool fails; what is wrong with an overlay is a finding.
 */
export async function run(inputs: RenderInputs, world: RenderWorld): Promise<RenderOutcome> {
  const { host, progress } = world;
  checkSettings(inputs);
  const directory = await emptyOutput(inputs, host);
  const repository = await openRepository(resolve(workspaceOf(host), inputs.path), host);
  try {
    progress("Choosing commits");
    const commits = await choose(repository, inputs, world);
    progress("Reading the fleet");
    // One memory for both sides: what is the same text at both commits is read and understood once.
    const context = createClosureContext(ownRepository(remoteAddresses(repository)));
    const sides = await readSides(repository, commits, inputs, context);
    requireMatches(
      inputs,
      [sides.head, ...(sides.base ? [sides.base] : [])].map(({ fleet }) => fleet.overlays),
    );
    const pairs = pairOverlays(sides.base?.sightings, sides.head.sightings);
    const said = sides.base ? await changedInputs(sides.base.tree, sides.head.tree) : [];
    const all = inputs.renderAll || said.length > 0;
    const { allowedHosts, notes } = await readTrusted(repository, commits, sides.head, inputs);
    const renderSome = (some: readonly Pair[]) =>
      renderPairs(some, { ...sides, allowedHosts }, directory, inputs, world);
    const still = pairs.filter((pair) => !all && pair.expected === "unchanged");
    const judging = new Set(await holdPolicies(still, sides.head, context));
    const looked = pairs.filter((pair) => all || pair.expected !== "unchanged" || judging.has(pair));
    const first = await renderSome(looked);
    const checkInputs = [...said, ...(all ? [] : renderedInputs(first.rendered))];
    const rest = pairs.filter((pair) => checkInputs.length > 0 && !looked.includes(pair));
    const { rendered: raw, uses } = rest.length > 0 ? joined(pairs, first, await renderSome(rest)) : first;

    const redactors = await makeRedactors(raw, sides, world.secretKey);
    const unread = await findUnread(sides, pairs);
    const rendered = redactMessages(raw, redactors.redactMessage).map((each) =>
      withoutLost(each, unread.lost),
    );
    const source = describeSource(commits, host.env.GITHUB_REPOSITORY);
    const index = makeIndex({ commits, source, pairs, rendered, checkInputs, tools: uses });
    const changes = summariseChanges(
      new Map(rendered.map((each) => [each.pair.id, each.changes])),
      redactors.changes,
    );
    const unpromoted = await findUnpromoted(sides, rendered);
    const unlisted = [
      ...findUnlisted(sides, pairs),
      ...findIgnored(sides, pairs),
      ...unread.findings,
      ...(await findLoosened(sides)),
    ];
    const overrides = await findOverrides(sides.head, context);
    const report = makeReport({
      ...reportParts({
        commits,
        source,
        sides,
        pairs,
        rendered,
        checkInputs,
        uses,
        notes,
        unpromoted,
        unlisted,
        overrides,
        overridden: changedOverrides(rendered, overrides, sides),
        idle: await findIdle(rendered, sides),
      }),
      action: "render-overlays",
    });
    await writePrivate(join(directory, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
    return { directory, index, report, changes, changed: changedIds(pairs, rendered) };
  } finally {
    await repository.close();
  }
}

type Rendering = Awaited<ReturnType<typeof renderPairs>>;

/** Two renderings as one, in the order of the pairs. */
function joined(pairs: readonly Pair[], first: Rendering, second: Rendering): Rendering {
  const all = new Map([...first.rendered, ...second.rendered].map((each) => [each.pair.id, each]));
  const uses = new Map([...first.uses, ...second.uses].map((use) => [use.name, use]));
  return { rendered: pairs.flatMap(({ id }) => all.get(id) ?? []), uses: [...uses.values()] };
}

function choose(repository: Repository, inputs: RenderInputs, world: RenderWorld): Promise<ChosenCommits> {
  const { host, event, signal } = world;
  const options = {
    fetch: inputs.fetch,
    signal,
    ...(inputs.token && { token: inputs.token }),
    ...(inputs.baseRef && { base: inputs.baseRef }),
    ...(inputs.headRef && { head: inputs.headRef }),
  };
  return chooseCommits(repository, event && toGitEvent(event, host), options);
}

async function readSides(
  repository: Repository,
  commits: ChosenCommits,
  inputs: RenderInputs,
  context: ClosureContext,
): Promise<{ head: Side; base?: Side }> {
  const head = await readSide(commits.head.tree, inputs, context);
  if (!commits.base || !inputs.compare) return { head };
  const tree = await treeAt(repository, commits.base.commit);
  // Where the base's gitops.yaml is wrong, this change may be the one that mends it: its own finds the base's overlays.
  const { config, wrong } = await loadReviewedConfig(tree);
  return { head, base: await readSide(tree, inputs, context, wrong === undefined ? config : head.config) };
}

function changedIds(pairs: readonly Pair[], rendered: readonly RenderedPair[]): string[] {
  const changed = new Set(rendered.filter((each) => each.change !== "unchanged").map((each) => each.pair.id));
  return pairs.map((pair) => pair.id).filter((id) => changed.has(id));
}
