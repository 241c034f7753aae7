import type { Config } from "@gitops-actions/fleet";
import { compareText } from "@gitops-actions/manifest";
import { UsageError } from "@gitops-actions/report";
import type { Selection } from "./desired.ts";

/** Where an overlay runs, as far as anybody says. */
type Place = { [Name in keyof Selection]?: string | undefined };

/**
 * Throws UsageError where the overlays that would be compared are not those of the cluster: its environment or its name
 * is none that there is, or neither was said and the overlays are of several environments. Where nothing has a name
 * all overlays are compared whatever is said, and the name is only one for the issue and the status.
 */
export function requireSelection(overlays: readonly Place[], config: Config, asked: Selection): void {
  const { environments } = config;
  const names = environments.map(({ name }) => name);
  const clusters = environments.flatMap((each) => each.clusters);
  requireKnown("environment", asked.environment, names, overlays);
  requireKnown("cluster", asked.cluster, clusters, overlays);
  if (asked.environment !== "" || asked.cluster !== "") return;
  const used = namesOf("environment", overlays);
  if (used.length < 2) return;
  const ordered = [...names.filter((name) => used.includes(name)), ...without(used, names)];
  throw new UsageError(
    `the repository has ${listed(ordered)}: say which one this cluster is with \`environment\` (-e)`,
  );
}

function requireKnown(
  what: keyof Selection,
  name: string,
  written: readonly string[],
  overlays: readonly Place[],
): void {
  const used = namesOf(what, overlays);
  if (name === "" || written.includes(name) || used.includes(name)) return;
  const others = without(used, written);
  const known = [
    ...(written.length > 0 ? [`gitops.yaml names ${some(written).join(", ")}`] : []),
    ...(others.length > 0 ? [`the overlays are of ${some(others).join(", ")}`] : []),
  ];
  if (known.length > 0) throw new UsageError(`there is no ${what} ${name}: ${known.join("; ")}.`);
}

function namesOf(what: keyof Selection, overlays: readonly Place[]): string[] {
  return [...new Set(overlays.flatMap((each) => each[what] ?? []))].sort(compareText);
}

function without(names: readonly string[], others: readonly string[]): string[] {
  return names.filter((name) => !others.includes(name));
}

function some(names: readonly string[]): string[] {
  return names.length > 30 ? [...names.slice(0, 30), `${names.length - 30} more`] : [...names];
}

function listed(names: readonly string[]): string {
  const all = some(names);
  return `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}
