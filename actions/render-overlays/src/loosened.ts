import { type LoosenedGate, loosenedGates } from "@gitops-actions/fleet";
import { joinPointer, parseSource, type Source } from "@gitops-actions/manifest";
import { type Finding, makeFinding } from "@gitops-actions/report";
import type { Side } from "./side.ts";

/**
 * Says of gates of promotion that a change of gitops.yaml opens wider or takes away. It changes nothing that is rendered,
 * so nothing else would tell: and once it is merged, versions pass that had to wait.
 */
export async function findLoosened({ head, base }: { head: Side; base?: Side }): Promise<Finding[]> {
  const gates = base ? loosenedGates(base.config, head.config) : [];
  if (gates.length === 0) return [];
  const { path } = head.config;
  const file = path !== undefined && head.tree.get(path)?.kind === "file" ? path : undefined;
  const text = file === undefined ? "" : new TextDecoder().decode(await head.tree.read(file));
  const source = parseSource(text, path);
  return gates.map((each) => {
    const { environment, gate, before, after } = each;
    const where = environment === undefined ? "promotion" : `promotion to ${environment}`;
    const location = { path: path ?? "gitops.yaml", line: lineOf(source, each), precision: "near" as const };
    return makeFinding({
      rule: "promotion/loosened-gate",
      severity: "warning",
      message: `this change loosens a gate of ${where}: ${gate} was ${before}, and is ${after}`,
      help: "Once it is merged, a version may go on that had to wait before. See that who answers for the environment agrees.",
      ...(path === undefined ? {} : { location: { ...location, via: [] } }),
      discriminator: `${environment ?? ""}/${gate}`,
    });
  });
}

/** The line of a gate, or of the nearest thing above it that is still there. */
function lineOf(source: Source, { environment, gate }: LoosenedGate): number {
  const { environments = [] } = (source.documents[0]?.value ?? {}) as { environments?: unknown };
  const at = Array.isArray(environments)
    ? environments.findIndex((each) => (each?.name ?? each) === environment)
    : -1;
  const gates = ["promotion", "gates"];
  const places =
    gate === "from"
      ? [["environments", at]]
      : environment === undefined
        ? [["promotion", gate]]
        : [
            [...gates, environment, gate],
            [...gates, environment],
            [...gates, "*", gate],
            [...gates, "*"],
            gates,
          ];
  for (const place of [...places, ["promotion"]]) {
    const found = source.locate(0, joinPointer(place));
    const line = (found?.key ?? found)?.line;
    if (line !== undefined) return line;
  }
  return 1;
}
