import {
  type ClosureContext,
  type ControllerOverride,
  controllerOverrides,
  overridesOf,
} from "@gitops-actions/fleet";
import { compareText, equalJson, type ResourceChange } from "@gitops-actions/manifest";
import { type Finding, makeFinding, type Unchecked } from "@gitops-actions/report";
import type { RenderedPair } from "./pairs.ts";
import type { Side } from "./side.ts";

/** By overlay id, what Flux and Argo CD objects in its files set over what they deploy. */
export type OverridesOf = ReadonlyMap<string, readonly ControllerOverride[]>;

/** Looks through the files of every overlay of a side. */
export async function findOverrides(side: Side, context: ClosureContext): Promise<OverridesOf> {
  const found = await Promise.all(
    [...side.sightings].map(async ([id, { closure }]) => {
      const overrides = await controllerOverrides(side.tree, closure.files, side.fleet.overlays, context);
      return [id, overrides] as const;
    }),
  );
  return new Map(found);
}

/** Each object that sets something over what it deploys, once: what the cluster runs is not what was rendered here. */
export function skippedOverrides(overrides: OverridesOf): Unchecked[] {
  const all = [...overrides.values()].flat().map((each): [string, Unchecked] => {
    const { path, line, kind, name, from } = each;
    const parts = named(each.parts.map((part) => part.name));
    const message = `${kind} ${name} sets ${parts} over ${named(from)}: no overlay is rendered with that, and what the cluster runs differs by it`;
    const id = `${path}:${line}`;
    return [`${id} ${message}`, { kind: "object", id, code: "controller-override", message }];
  });
  return [...new Map(all).values()];
}

/**
 * Says of a change to what an object sets over what it deploys that its effect was not looked at: the object itself was,
 * and to its schema values are anything at all.
 */
export function changedOverrides(
  rendered: readonly RenderedPair[],
  overrides: OverridesOf,
  { head, base }: { head: Side; base?: Side },
): Finding[] {
  if (!base) return [];
  return rendered.flatMap(({ pair, changes }) =>
    changes.flatMap((change): Finding[] => {
      const parts = changedParts(change, head);
      const resource = change.head ?? change.base;
      if (parts.names.length === 0 || !resource || !pair.head) return [];
      const own = overrides.get(pair.id)?.filter((each) => each.kind === resource.id.kind) ?? [];
      const place = nearest(own, change.id.name, parts.names);
      const path = place?.path ?? pair.head.overlay.path;
      return [
        makeFinding({
          rule: "fleet/controller-override",
          severity: "warning",
          message: `this change sets other ${named(parts.names)} over ${named(parts.from)}: the effect was not rendered, validated or held against policies`,
          help: "Look at it by hand, or write it where it is rendered: in a values file of the chart, or in an overlay.",
          resource: resource.id,
          field: parts.pointers[0],
          location: {
            ...{ path, line: place?.line ?? 1, via: [] },
            precision: place ? "exact" : "near",
          },
          overlays: [pair.id],
        }),
      ];
    }),
  );
}

interface Changed {
  names: string[];
  pointers: string[];
  from: string[];
}

function changedParts({ kind, base, head: after }: ResourceChange, { fleet }: Side): Changed {
  const none: Changed = { names: [], pointers: [], from: [] };
  if (kind === "removed" || !after) return none;
  const read = (resource: ResourceChange["head"]) =>
    resource
      ? overridesOf(resource.value, fleet.overlays).flatMap(({ from, parts }) =>
          parts.map((part) => ({ ...part, from })),
        )
      : [];
  const before = read(base);
  const now = read(after);
  const differ = [...now, ...before].filter(({ pointer }) => {
    const [one, other] = [now, before].map((parts) => parts.find((each) => each.pointer === pointer));
    return !one || !other || one.from !== other.from || !equalJson(one.value, other.value);
  });
  const unique = (list: string[]) => [...new Set(list)].sort(compareText);
  return {
    names: unique(differ.map(({ name }) => name)),
    pointers: unique(differ.map(({ pointer }) => pointer)),
    from: unique(differ.map(({ from }) => from)),
  };
}

/** Where the changed part is written: in the object of that name, else in the only one there is. */
function nearest(
  own: readonly ControllerOverride[],
  name: string,
  parts: readonly string[],
): { path: string; line: number } | undefined {
  const same = own.filter((each) => each.name === name);
  const candidates = (same.length > 0 || own.length > 1 ? same : own).flatMap((each) =>
    each.parts.filter((part) => parts.includes(part.name)).map(({ line }) => ({ path: each.path, line })),
  );
  return candidates.at(-1);
}

function named(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${last}` : last;
}
