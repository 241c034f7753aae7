import { differencesOf, versionsOf } from "@gitops-actions/fleet";
import { formatIdentity } from "@gitops-actions/manifest";
import type { Judges } from "./policies.ts";

const shown = 20;
const few = 5;

/** Policies that are asked as overlays render them, where that is not what their files say: one line each. */
export function describeDifferences({ policies, rendered }: Judges): string[] {
  const lines = differencesOf(versionsOf(policies, rendered)).map(({ source, overlays, fields }) => {
    const { path, resource } = source;
    const more = overlays.length > few ? ` and ${overlays.length - few} more` : "";
    const others = fields.length > few ? ` and ${fields.length - few} more` : "";
    const what = `${formatIdentity(resource.id)} of ${path}:${resource.line}`;
    return `${what} is asked as rendered in ${overlays.slice(0, few).join(", ")}${more}, which differs from the file: ${fields.slice(0, few).join(", ")}${others}`;
  });
  return lines.length > shown
    ? [...lines.slice(0, shown), `${lines.length - shown} more policies are asked as rendered`]
    : lines;
}
