import { kustomizationNames, type Tree } from "@gitops-actions/fleet";
import { isObject, type Json, type Manifests, parseSource, type Resource } from "@gitops-actions/manifest";
import { type Finding, makeFinding } from "@gitops-actions/report";
import type { RenderedPair } from "./pairs.ts";
import type { Side } from "./side.ts";

type SideName = "base" | "head";

/**
 * Warns of entries of `images` and `patches` in the kustomizations of overlays that reach nothing: kustomize passes over
 * them in silence. Said only where what is rendered proves it, whatever else the kustomization does.
 */
export async function findIdle(
  rendered: readonly RenderedPair[],
  sides: { head: Side; base?: Side },
): Promise<Record<SideName, Finding[]>> {
  const of = async (name: SideName): Promise<Finding[]> => {
    const tree = sides[name]?.tree;
    const found = await Promise.all(rendered.map((each) => (tree ? idleIn(each, name, tree) : [])));
    return found.flat();
  };
  return { head: await of("head"), base: await of("base") };
}

async function idleIn(each: RenderedPair, side: SideName, tree: Tree): Promise<Finding[]> {
  const sighting = each.pair[side];
  const manifests = each[side];
  if (sighting?.overlay.kind !== "kustomize" || !manifests || manifests.problems.length > 0) return [];
  const { path: folder, id } = sighting.overlay;
  const paths = kustomizationNames.map((name) => (folder === "." ? name : `${folder}/${name}`));
  const path = paths.find((each) => tree.get(each)?.kind === "file");
  if (path === undefined) return [];
  const source = parseSource(await textOf(tree, path));
  const content = source.documents[0]?.value;
  // What runs after patches and images may take away what they changed, or change it once more.
  if (!isObject(content) || after.some((field) => content[field] !== undefined)) return [];
  const idle = [...idleImages(content, manifests), ...idlePatches(content, manifests)];
  if (idle.length === 0 || (await mayVanish(tree, sighting.closure.files))) return [];
  return idle.map(({ rule, pointer, message, help, name }) =>
    makeFinding({
      ...{ rule, message, help, overlays: [id], discriminator: name },
      severity: "warning",
      location: { path, line: source.locate(0, pointer)?.line ?? 1, precision: "exact", via: [] },
    }),
  );
}

const after = ["replacements", "transformers", "validators", "vars"];

interface Idle {
  rule: string;
  pointer: string;
  name: string;
  message: string;
  help: string;
}

function idleImages({ images }: Record<string, Json>, { resources }: Manifests): Idle[] {
  if (!Array.isArray(images)) return [];
  const texts = new Set(resources.flatMap(({ value }) => [...textsIn(value)]));
  const names = new Set(images.flatMap((image) => (isObject(image) ? [image.name] : [])));
  return images.flatMap((image, index): Idle[] => {
    if (!isObject(image) || typeof image.name !== "string" || image.name === "") return [];
    const { name, newName } = image;
    const renamed = typeof newName === "string" && newName !== "" ? newName : undefined;
    // Another entry takes on what this one makes.
    if (renamed !== undefined && renamed !== name && names.has(renamed)) return [];
    const isResult = renamed === undefined ? pattern(`^(?:${name})(?:[:@].*)?$`) : undefined;
    const reaches = [...texts].some((text) =>
      renamed === undefined
        ? (isResult?.test(text) ?? true)
        : text === renamed || text.startsWith(`${renamed}:`) || text.startsWith(`${renamed}@`),
    );
    if (reaches) return [];
    return [
      {
        ...{ rule: "fleet/idle-image", pointer: `/images/${index}`, name },
        message: `images: no image here is called ${name}, so this entry changes nothing, and kustomize does not say so`,
        help: "Write the name as the manifests do, registry included and without a tag, or remove the entry.",
      },
    ];
  });
}

function idlePatches({ patches }: Record<string, Json>, { resources }: Manifests): Idle[] {
  if (!Array.isArray(patches)) return [];
  return patches.flatMap((patch, index): Idle[] => {
    const target = isObject(patch) ? patch.target : undefined;
    if (!isObject(target) || resources.some(({ id }) => maySelect(target, id))) return [];
    const what = ["group", "version", "kind", "name"]
      .flatMap((key) =>
        typeof target[key] === "string" && target[key] !== "" ? [`${key} ${target[key]}`] : [],
      )
      .join(", ");
    return [
      {
        ...{ rule: "fleet/idle-patch", pointer: `/patches/${index}/target`, name: what },
        message: `patches: this target selects nothing (${what}), so the patch changes nothing, and kustomize does not say so`,
        help: "Write the target as the resource is called where it comes from, or remove the patch.",
      },
    ];
  });
}

/**
 * Whether a target may have selected what became this resource. Group, version and kind stay; of its name at least that
 * of then is still in it, with prefixes, suffixes and a hash around it.
 */
function maySelect(target: Record<string, Json>, id: Resource["id"]): boolean {
  const whole = (["group", "version", "kind"] as const).every((key) => {
    const wanted = target[key];
    if (typeof wanted !== "string" || wanted === "") return true;
    return pattern(`^(?:${wanted})$`)?.test(id[key]) ?? true;
  });
  const { name } = target;
  if (!whole || typeof name !== "string" || name === "" || /[\^$\\]/.test(name)) return whole;
  return pattern(name)?.test(id.name) ?? true;
}

/** Names are regular expressions to kustomize, Go's; undefined for what is none here. */
function pattern(text: string): RegExp | undefined {
  try {
    return new RegExp(text);
  } catch {
    return undefined;
  }
}

function* textsIn(value: Json): Generator<string> {
  if (typeof value === "string") yield value;
  else if (Array.isArray(value)) for (const item of value) yield* textsIn(item);
  else if (isObject(value)) for (const item of Object.values(value)) yield* textsIn(item);
}

// The operations of a JSON patch need no permission to change names and kinds.
const renames =
  /\$patch|local-config|allowKindChange|allowNameChange|path["']?\s*:\s*["']?(?:""|''|\/metadata(?:\/name)?|\/kind|\/apiVersion)["'\s,}]/;

/** Whether a file holds what lets resources go after they were changed, or be called otherwise. */
async function mayVanish(tree: Tree, files: readonly string[]): Promise<boolean> {
  for (const path of files) {
    if (tree.get(path)?.kind !== "file") continue;
    if (renames.test(await textOf(tree, path))) return true;
  }
  return false;
}

async function textOf(tree: Tree, path: string): Promise<string> {
  return new TextDecoder().decode(await tree.read(path));
}
