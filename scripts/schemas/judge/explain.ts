/** What kubeconform said of one file: a result for each document, several for a List. */
export interface RawVerdict {
  results: { status: string; msg: string }[];
}

/** What validate-schema said of one file. */
export interface OurVerdict {
  rules: { rule: string; severity: string; field: string }[];
}

export interface Difference {
  from: string;
  index: number;
  /** same, or why they differ; `unexplained` fails the run. */
  verdict: string;
  detail: string;
}

const serverRules = [
  "invalid",
  "pattern",
  "format",
  "range",
  "length",
  "count",
  "enum",
  "missing-field",
  "wrong-type",
];

/** Compares two verdicts on one document. `foreign`: kubeconform had other schemas than ours. */
export function explain(
  raw: RawVerdict,
  ours: OurVerdict,
  text: string,
  foreign: boolean,
): Pick<Difference, "verdict" | "detail"> {
  const bad = raw.results.filter(({ status }) => status === "statusInvalid" || status === "statusError");
  const errors = ours.rules.filter(({ severity }) => severity === "error");
  const has = (...rules: string[]): boolean =>
    errors.length > 0 && errors.every(({ rule }) => rules.includes(rule));
  const detail = `${bad.map(({ msg }) => msg).join("; ")} | ${errors.map(({ rule, field }) => `${rule} ${field}`).join("; ")}`;
  const isMissing = bad.length > 0 && bad.every(({ msg }) => msg.startsWith("could not find schema for "));
  if (raw.results.length === 0)
    return { verdict: "unexplained", detail: `kubeconform said nothing | ${detail}` };
  if (bad.length > 0 === errors.length > 0) {
    const knowsMore =
      isMissing && !has("missing-schema", "removed-api", "unknown-kind", "unknown-version", "missing-kind");
    return { verdict: knowsMore ? "has a schema where kubeconform has none" : "same", detail };
  }
  if (isMissing) return { verdict: "has a schema where kubeconform has none", detail };
  const isAside = bad.length > 0 && errors.length === 0;
  if (isAside && /^\s*"?sops"?:|"sops":/m.test(text))
    return { verdict: "sets aside what SOPS encrypts", detail };
  if (isAside && /\$\{\w/.test(text)) return { verdict: "sets aside what Flux fills in", detail };
  if (has("missing-field") && errors.every(({ field }) => field.startsWith("/metadata") || field === "")) {
    return { verdict: "asks for a name", detail };
  }
  if (has("not-yaml", "missing-kind", "not-an-object"))
    return { verdict: "refuses a document that is no resource", detail };
  if (has("removed-api", "unknown-version", "unknown-kind"))
    return { verdict: "knows that the API is gone", detail };
  // Names of resources are keys, and other schemas allow any.
  const isAsked = ({ rule, field }: OurVerdict["rules"][number]): boolean =>
    serverRules.includes(rule) ||
    (rule === "unknown-field" && /\/(?:limits|requests|hard|capacity)\/[^/]+$/.test(field));
  if (foreign && bad.length === 0 && errors.length > 0 && errors.every(isAsked))
    return { verdict: "asks what the server asks", detail };
  const isNull =
    bad.length > 0 &&
    bad.every(({ msg }) => [...msg.matchAll(/: got (\w+), want/g)].every(([, got]) => got === "null"));
  if (foreign && isNull) return { verdict: "takes null for absent, as the server does", detail };
  return { verdict: "unexplained", detail };
}

export function formatDifferences(differences: readonly Difference[], show: boolean): string {
  const counts = Map.groupBy(differences, ({ verdict }) => verdict);
  const lines = [...counts].sort().map(([verdict, list]) => `${list.length}\t${verdict}`);
  const shown = differences.filter(
    ({ verdict }) => verdict === "unexplained" || (show && verdict !== "same"),
  );
  return [
    `${differences.length} documents`,
    ...lines,
    ...shown.map(({ from, verdict, detail }) => `${verdict} | ${from} | ${detail}`),
  ].join("\n");
}

const head = ["| schemas of kubeconform | verdict | documents |", "| - | - | - |"];

/** The table with the rows of one set of schemas written anew. */
export function withRows(
  lines: readonly string[],
  schemas: string,
  differences: readonly Difference[],
): string[] {
  const counts = [...Map.groupBy(differences, ({ verdict }) => verdict)].map(
    ([verdict, list]) => `| ${schemas} | ${verdict} | ${list.length} |`,
  );
  const others = lines.filter((line) => !head.includes(line) && !line.startsWith(`| ${schemas} |`));
  return [...head, ...[...others, ...counts].sort()];
}
