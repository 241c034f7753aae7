import type { Resource } from "@gitops-actions/manifest";
import { count, type Unchecked } from "@gitops-actions/report";
import type { AsideReason, FluxUse, Sorted } from "./aside.ts";
import type { Group } from "./documents.ts";

/** A field that was set aside, and whose. */
export type Aside = Sorted["aside"][number] & { group: Group; resource: Resource };

/** How many fields were set aside, and why. */
export function asideNotes(asides: readonly Aside[], flux: FluxUse): string[] {
  return (["sops", "flux-variable"] as const).flatMap((reason) => {
    const fields = asides.filter((each) => each.reason === reason).length;
    return fields > 0 ? [`${count(fields, "field")} set aside: ${why(reason, flux, fields)}`] : [];
  });
}

/** Each field that was set aside, with its resource and file: once, however many overlays have it. */
export function skippedFields(asides: readonly Aside[], flux: FluxUse): Unchecked[] {
  const found = new Map<string, { reason: AsideReason; overlays: Set<string> }>();
  for (const { reason, field, group, resource } of asides) {
    const { kind, namespace, name } = resource.id;
    const place = group.locate(resource, field);
    const file = place ? ` in ${place.path}:${place.line}` : "";
    const id = `${field} of ${kind} ${namespace ? `${namespace}/` : ""}${name}${file}`;
    const one = found.get(id) ?? { reason, overlays: new Set() };
    if (place?.path !== group.overlay) one.overlays.add(group.overlay);
    found.set(id, one);
  }
  return [...found].map(([id, { reason, overlays }]) => {
    const where = overlays.size > 0 ? ` (${[...overlays].sort().join(", ")})` : "";
    return { kind: "field", id, code: reason, message: `${why(reason, flux, 1)}${where}` };
  });
}

function why(reason: AsideReason, flux: FluxUse, fields: number): string {
  if (reason === "sops") return "encrypted by SOPS";
  if (flux === "used") return "filled in by Flux after rendering";
  return fields === 1 ? "it looks like a substitution of Flux" : "they look like substitutions of Flux";
}
