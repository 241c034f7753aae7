import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "@gitops-actions/manifest";
import { parse } from "yaml";

/** One case of gatekeeper.yaml. */
export interface GatekeeperCase {
  name: string;
  /** Templates, constraints and expansions. */
  policies: JsonObject[];
  /** Namespaces and resources. */
  objects: JsonObject[];
  /** `CONSTRAINT RESOURCE ACTION: MESSAGE`, sorted. */
  expect: string[];
  /** What we say of it, where that is something else. */
  ours: string[];
  /** Whether we say that something was not evaluated, where gator says nothing. */
  isUnknown: boolean;
}

interface Written {
  name: string;
  templates: string[];
  expansions?: boolean;
  constraints: { kind: string; match?: JsonObject; parameters?: JsonObject }[];
  namespaces?: Record<string, Record<string, string>>;
  objects: Short[];
  expect: string[];
  ours?: string | string[];
}

interface Short {
  use: "deployment" | "configmap" | "role";
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  replicas?: number;
  data?: Record<string, string>;
}

interface Template {
  kind: string;
  rego?: string;
  libs?: string;
  version?: string;
  cel?: JsonObject;
}

const read = (name: string): unknown => parse(readFileSync(join(import.meta.dirname, name), "utf8"));

export function readGatekeeperCases(): GatekeeperCase[] {
  const templates = read("templates.yaml") as Record<string, Template>;
  return (read("gatekeeper.yaml") as Written[]).map((written) => ({
    name: written.name,
    policies: [
      ...written.templates.map((name) => templateOf(templates[name]!)),
      ...(written.expansions ? [expansion] : []),
      ...written.constraints.map(({ kind, ...spec }, index) => ({
        ...{ apiVersion: "constraints.gatekeeper.sh/v1beta1", kind },
        ...{ metadata: { name: "abcdefg"[index]! }, spec },
      })),
    ],
    objects: [
      ...Object.entries(written.namespaces ?? {}).map(([name, labels]) => ({
        ...{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } },
      })),
      ...written.objects.map(objectOf),
    ],
    expect: [...written.expect].sort(),
    ours: (Array.isArray(written.ours) ? written.ours : written.ours ? [] : written.expect).toSorted(),
    isUnknown: written.ours === "not evaluated",
  }));
}

function templateOf({ kind, rego = "", libs, version, cel }: Template): JsonObject {
  const text = `package ${kind.toLowerCase()}\n${rego}`;
  const code: JsonObject =
    version || cel
      ? {
          code: [
            cel
              ? { engine: "K8sNativeValidation", source: cel }
              : { engine: "Rego", source: { version: version!, rego: text } },
          ],
        }
      : { rego: text, ...(libs && { libs: [libs] }) };
  const openAPIV3Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    ...{ apiVersion: "templates.gatekeeper.sh/v1", kind: "ConstraintTemplate" },
    metadata: { name: kind.toLowerCase() },
    spec: {
      crd: { spec: { names: { kind }, validation: { openAPIV3Schema } } },
      targets: [{ target: "admission.k8s.gatekeeper.sh", ...code }],
    },
  };
}

const expansion: JsonObject = {
  ...{ apiVersion: "expansion.gatekeeper.sh/v1beta1", kind: "ExpansionTemplate" },
  metadata: { name: "expand-deployments" },
  spec: {
    applyTo: [{ groups: ["apps"], kinds: ["Deployment"], versions: ["v1"] }],
    templateSource: "spec.template",
    generatedGVK: { kind: "Pod", group: "", version: "v1" },
  },
};

function objectOf({ use, name, namespace = "shop", labels, replicas = 1, data }: Short): JsonObject {
  const metadata = { name, ...(use !== "role" && { namespace }), ...(labels && { labels }) };
  if (use === "configmap") return { apiVersion: "v1", kind: "ConfigMap", metadata, ...(data && { data }) };
  if (use === "role")
    return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata, rules: [] };
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: "web:1" }] } };
  const spec = { replicas, selector: { matchLabels: { app: name } }, template };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata, spec };
}
