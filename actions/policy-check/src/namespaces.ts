import type { Batch, DescribedNamespaces } from "@gitops-actions/fleet";
import { isObject, type Json, type JsonObject, parseSource, writeJson } from "@gitops-actions/manifest";
import { UsageError } from "@gitops-actions/report";

/** The label that the API server gives every namespace. */
const ownName = "kubernetes.io/metadata.name";

/**
 * Labels of the namespaces that a batch's resources are in, as far as the fleet tells: from a Namespace beside them, else from
 * those of the same place, else as gitops.yaml describes them, else from those of the same environment and of none, where all that there are
 * agree. What another environment calls by the same name is another namespace.
 */
export function knownNamespaces(
  batch: Batch,
  batches: readonly Batch[],
): Map<string, JsonObject | undefined> {
  const own = labelsOf([batch]);
  const alike = batches.filter(({ environment }) => environment === batch.environment);
  const near = labelsOf(alike.filter(({ cluster }) => cluster === batch.cluster));
  const far = labelsOf([...alike, ...batches.filter(({ environment }) => environment === "")]);
  const names = new Set(batch.items.map(({ resource }) => resource.id.namespace).filter(Boolean));
  for (const { resource } of batch.items) if (resource.id.kind === "Namespace") names.add(resource.id.name);
  const described = (name: string): JsonObject | undefined => batch.namespaces?.get(name);
  return new Map(
    [...names]
      .sort()
      .map((name) => [
        name,
        single(own.get(name)) ?? single(near.get(name)) ?? described(name) ?? single(far.get(name)),
      ]),
  );
}

function labelsOf(batches: readonly Batch[]): Map<string, JsonObject[]> {
  const found = new Map<string, JsonObject[]>();
  for (const { items } of batches) {
    for (const { resource } of items) {
      if (resource.id.kind !== "Namespace" || resource.id.group !== "") continue;
      const metadata = resource.value.metadata;
      const labels = isObject(metadata) && isObject(metadata.labels) ? metadata.labels : {};
      found.set(resource.id.name, [...(found.get(resource.id.name) ?? []), labels]);
    }
  }
  return found;
}

function single(labels: readonly JsonObject[] | undefined): JsonObject | undefined {
  const [first, ...more] = labels ?? [];
  return first && more.every((each) => writeJson(each) === writeJson(first)) ? first : undefined;
}

/** Positions of the documents that are in namespaces of which nobody says the labels. */
export function unlabelled(batch: Batch, batches: readonly Batch[]): ReadonlySet<number> {
  const known = knownNamespaces(batch, batches);
  const { items } = batch;
  return new Set(
    [...items.keys()].filter((document) => {
      const { namespace } = items[document]!.resource.id;
      return namespace !== "" && known.get(namespace) === undefined;
    }),
  );
}

/** One reason for each namespace of some documents, sorted. */
export function unknownReasons(documents: readonly number[], items: Batch["items"]): string[] {
  const names = new Set(documents.map((document) => items[document]!.resource.id.namespace));
  return [...names].sort().map((name) => `labels of namespace ${name} unknown`);
}

/** Whether a policy's text may mean resources of a kind: it holds the name in some form, or a wildcard, or Pods, of which a workload makes some. */
export function namesKind(policy: string, kind: string): boolean {
  const text = policy.toLowerCase();
  return (
    text.includes(kind.toLowerCase().replace(/y$/, "")) ||
    /"\*["/]|\/\*"/.test(text) ||
    (text.includes("pod") && /^(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob)$/.test(kind))
  );
}

/** Whether something is decided by labels of a namespace: by a selector of others than its name, or in an expression. */
export function needsLabels(policy: Json): boolean {
  return selectsNamespaces(policy) || readsNamespace(writeJson(policy));
}

/** Whether an expression reads more of a namespace than its name. */
export function readsNamespace(text: string): boolean {
  return /\bnamespaceobject\b(?!\.metadata\.name\b)/i.test(text);
}

/** Whether a policy selects namespaces by a label other than their name. */
function selectsNamespaces(value: Json): boolean {
  if (Array.isArray(value)) return value.some(selectsNamespaces);
  if (!isObject(value)) return false;
  return Object.entries(value).some(
    ([key, child]) => (key === "namespaceSelector" && selectsByLabel(child)) || selectsNamespaces(child),
  );
}

function selectsByLabel(selector: Json): boolean {
  if (!isObject(selector)) return false;
  const { matchLabels, matchExpressions } = selector;
  const keys = [
    ...(isObject(matchLabels) ? Object.keys(matchLabels) : []),
    ...(Array.isArray(matchExpressions)
      ? matchExpressions.map((each) => (isObject(each) ? String(each.key) : ""))
      : []),
  ];
  return keys.some((key) => key !== ownName);
}

/** Kyverno's `kind: Values`, which people often leave without a name. Throws UsageError for what is no mapping. */
export function readValues(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  const { documents, problems } = parseSource(text, "values-file");
  const [value] = documents.flatMap((document) => (document.value === undefined ? [] : [document.value]));
  if (problems.length > 0 || !isObject(value)) {
    const why = problems[0] ? `line ${problems[0].line}: ${problems[0].message}` : "it is no mapping";
    throw new UsageError(`values-file: this is not a \`kind: Values\` as Kyverno's CLI takes it: ${why}.`);
  }
  return value;
}

/** Labels of namespaces that a person's values give, in the form of gitops.yaml. */
export function namespacesOfValues(text: string | undefined): DescribedNamespaces {
  const selectors = readValues(text)?.namespaceSelector;
  return Object.fromEntries(
    (Array.isArray(selectors) ? selectors : []).filter(isObject).map(({ name, labels }) => {
      const given = Object.entries(isObject(labels) ? labels : {}).map(([key, value]) => [
        key,
        String(value),
      ]);
      return [String(name), { labels: Object.fromEntries(given), environments: {} }];
    }),
  );
}

/** Kyverno's `kind: Values` with the labels of namespaces added to the person's own; undefined when there is nothing to say. */
export function valuesWith(
  own: string | undefined,
  namespaces: ReadonlyMap<string, JsonObject | undefined>,
): string | undefined {
  const given = readValues(own);
  const selectors = Array.isArray(given?.namespaceSelector) ? given.namespaceSelector : [];
  const named = new Set(selectors.map((each) => (isObject(each) ? each.name : undefined)));
  const added = [...namespaces]
    .filter(([name]) => !named.has(name))
    .map(([name, labels]) => ({ name, labels: { ...labels, [ownName]: name } }));
  if (!given && added.length === 0) return own;
  return writeJson({
    ...{ apiVersion: "cli.kyverno.io/v1alpha1", kind: "Values", metadata: { name: "values" } },
    ...given,
    namespaceSelector: [...selectors, ...added],
  });
}
