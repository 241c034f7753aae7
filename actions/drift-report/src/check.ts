import {
  type Cluster,
  combineSchemas,
  type DryRun,
  type DryRunner,
  findKubernetesPack,
  listPacks,
  readPack,
  type SchemaSet,
  type Tool,
} from "@gitops-actions/engine";
import {
  identityKey,
  isObject,
  type JsonObject,
  type Resource,
  type ResourceId,
} from "@gitops-actions/manifest";
import pMap from "p-map";
import { type Deliverer, nameOf } from "./delivery.ts";
import { askServer } from "./dryrun.ts";
import { keptOnPurpose, leftAlone } from "./exemption.ts";
import { governObjects, noRules, type Rulebook } from "./governance.ts";
import type { DriftInputs } from "./inputs.ts";
import { type Judgement, judge, type Surroundings } from "./judgement.ts";
import { type Live, readLive } from "./live.ts";
import { readScaled } from "./owners.ts";
import type { Placed } from "./revision.ts";
import type { DriftWorld } from "./run.ts";
import { readDefinitions, shapeOf } from "./shape.ts";

/** One object of Git with its judgement. */
export interface Judged {
  overlay: string;
  environment: string;
  resource: Resource;
  /** What the cluster has of it; undefined: nothing, or it could not be read. */
  live: JsonObject | undefined;
  judgement: Judgement;
}

export interface Checked {
  judged: Judged[];
  /** Live objects in a controller's inventory that Git does not have. */
  extra: {
    id: ResourceId;
    by: string;
    /** Those that the controller brings. */
    overlays: string[];
    live: JsonObject;
    kept: string | undefined;
  }[];
  /** Tools that were needed besides kubectl. */
  tools: Tool[];
}

/** Holds every object of Git against the cluster. */
export async function checkObjects(
  placed: readonly Placed[],
  deliverers: readonly Deliverer[],
  cluster: Cluster,
  inputs: DriftInputs,
  world: DriftWorld,
  { rulebook = noRules, runner }: { rulebook?: Rulebook; runner?: DryRunner } = {},
): Promise<Checked> {
  const open = placed.filter(({ unchecked }) => !unchecked);
  const resources = open.flatMap((each) => each.resources);
  const extraIds = findExtraIds(placed, deliverers);
  const definitionKind = { group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition" };
  const [live, definitions] = await Promise.all([
    readLive(cluster, [...resources.map(({ id }) => id), ...extraIds.map(({ id }) => id)]),
    cluster.list(definitionKind),
  ]);
  const known = "objects" in definitions ? definitions.objects : [];
  const surroundings = {
    schemas: readSchemas(cluster.version),
    // The definition that is live is the one by which the server stores.
    definitions: readDefinitions([...resources.map(({ value }) => value), ...known]),
    scaled: readScaled([...resources.map(withNamespace), ...live.objects]),
    owners: inputs.owners,
  };
  const answers = runner ? await askAll(resources, live, surroundings, runner) : new Map<Resource, DryRun>();
  // What a rule names is looked for in what the live object is held against.
  const heldAgainst = (resource: Resource): JsonObject => {
    const answer = answers.get(resource);
    return answer && "object" in answer ? answer.object : resource.value;
  };
  const governance = await governObjects(placed, live, heldAgainst, rulebook, inputs, world);
  const judged = placed.flatMap(({ overlay, environment = "", resources, unchecked }) =>
    resources.map((resource): Judged => {
      const found = live.find(resource.id);
      const judgement: Judgement = unchecked
        ? { class: "not-checked", ...unchecked }
        : judge(resource, found, governance.of(resource), surroundings, answers.get(resource));
      const object = "object" in found ? found.object : undefined;
      return { overlay, environment, resource, live: object, judgement };
    }),
  );
  const extra = extraIds.flatMap(({ id, by, overlays }) => {
    const found = live.find(id);
    return "object" in found && found.object
      ? [{ id, by, overlays, live: found.object, kept: keptOnPurpose(found.object) }]
      : [];
  });
  return { judged, extra, tools: governance.tool ? [governance.tool] : [] };
}

/** The server's answers for what is there and can be compared; the client sends a few at a time. */
async function askAll(
  resources: readonly Resource[],
  live: Live,
  { schemas, definitions }: Surroundings,
  runner: DryRunner,
): Promise<Map<Resource, DryRun>> {
  const asked = resources.flatMap((resource) => {
    const found = live.find(resource.id);
    const object = "object" in found ? found.object : undefined;
    const isOpen = object && !leftAlone(resource.value) && !isObject(resource.value.sops);
    return isOpen ? [{ resource, object }] : [];
  });
  const answers = await pMap(
    asked,
    ({ resource, object }) => askServer(resource, object, shapeOf(resource.id, schemas, definitions), runner),
    { concurrency: 8 },
  );
  return new Map(asked.map(({ resource }, index) => [resource, answers[index]!]));
}

function withNamespace({ id, value }: Resource): JsonObject {
  return { ...value, metadata: { ...(value.metadata as JsonObject), namespace: id.namespace } };
}

/** What the controllers of these overlays have in their inventories and no overlay has. */
function findExtraIds(
  placed: readonly Placed[],
  deliverers: readonly Deliverer[],
): { id: ResourceId; by: string; overlays: string[] }[] {
  const wanted = new Set(placed.flatMap(({ resources }) => resources.map(({ id }) => identityKey(id))));
  const own = new Set(placed.flatMap((each) => (each.unchecked ? [] : each.deliverers)));
  return deliverers
    .filter((each) => own.has(each))
    .flatMap((each) => {
      const overlays = placed
        .filter(({ deliverers }) => deliverers.includes(each))
        .map(({ overlay }) => overlay);
      const rest = each.inventory.filter((id) => !wanted.has(identityKey(id)));
      return rest.map((id) => ({ id, by: nameOf(each), overlays }));
    });
}

/** Schemas of the cluster's own version, or of the nearest that we have. */
function readSchemas(version: string | undefined): SchemaSet {
  const entries = listPacks();
  const known = entries.flatMap(({ kubernetes }) => (kubernetes ? [kubernetes] : []));
  const minor = (text: string): number => Number(text.split(".")[1]);
  const nearest = known.reduce((best, each) =>
    version && Math.abs(minor(each) - minor(version)) < Math.abs(minor(best) - minor(version)) ? each : best,
  );
  const packs = entries.filter((entry) => !entry.kubernetes).map((entry) => readPack(entry));
  return combineSchemas(readPack(findKubernetesPack(nearest, entries)), packs);
}
