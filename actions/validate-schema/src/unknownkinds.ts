import { type Finding, makeFinding, nearest } from "@gitops-actions/report";
import type { ValidateInputs } from "./inputs.ts";
import { isNamed } from "./kinds.ts";
import type { Learnt } from "./reporting.ts";

/** A name of so many letters that is nearly another is no kind of its own, as Route is beside Role. */
const sure = 8;

interface Kind {
  group: string;
  version: string;
  kind: string;
}

/**
 * Warns of names in `skip` and `reject` that mean no kind there is: of Kubernetes, of definitions, or of what was rendered.
 * A misspelt one rejects nothing, and what it was meant for passes. What is skipped and unlike any kind hides nothing, and of
 * what was not rendered the kinds are not known: there, only what is surely a slip is told.
 */
export function unknownKinds(
  { kubernetes, packs, definitions, checks, rendered }: Learnt,
  { skip, reject }: Pick<ValidateInputs, "skip" | "reject">,
): Finding[] {
  const isPartial = rendered.unchanged > 0;
  const asked = [...skip.map((name) => ["skip", name]), ...reject.map((name) => ["reject", name])];
  if (asked.length === 0) return [];
  const kinds: Kind[] = [
    ...[...kubernetes.values(), ...packs].flatMap((pack) => pack.kinds),
    ...definitions.flatMap((each) => each.kinds),
    ...checks.map(({ resource }) => resource.id),
  ];
  return asked.flatMap(([input = "", name = ""]) => {
    if (kinds.some((kind) => isNamed({ ...kind, namespace: "", name: "" }, name))) return [];
    const meant = nearest(name, [...new Set(kinds.flatMap((kind) => spellings(kind, name)))].sort());
    if (meant === undefined ? input === "skip" || isPartial : isPartial && name.length < sure) return [];
    return [
      makeFinding({
        rule: "validate/unknown-kind",
        severity: "warning",
        message: `${input}: no kind here is called ${JSON.stringify(name)}: ${input === "skip" ? "nothing is skipped" : "nothing is rejected"} by it`,
        help: `${meant === undefined ? "" : `Did you mean ${meant}? `}Names are those of Kubernetes, of the definitions in the repository and of what was rendered: Kind, group/Kind or group/version/Kind.`,
        discriminator: `${input} ${name}`,
      }),
    ];
  });
}

/** How a kind is written, in the form of a name. */
function spellings({ group, version, kind }: Kind, name: string): string[] {
  const parts = name.split("/").length;
  if (parts === 1) return [kind];
  if (name.endsWith("/*")) return [`${group}/*`];
  return parts === 2 ? [`${group}/${kind}`] : [`${group}/${version}/${kind}`];
}
