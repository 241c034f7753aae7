import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "@gitops-actions/manifest";
import { parse } from "yaml";

/** One case of admission.yaml, with its own names put in. */
export interface AdmissionCase {
  id: string;
  name: string;
  policy: JsonObject;
  bindings: JsonObject[];
  params: JsonObject[];
  namespaces: JsonObject[];
  resources: JsonObject[];
  /** Verdict of an API server by the name of the resource. */
  expect: Record<string, string>;
  /** What is said offline: `expect`, or what the case says instead. */
  offline: Record<string, string[]>;
  /** A word of the message with which an API server refuses the policy or a binding. */
  refused?: string;
  /** How many resources the policy is about, where the case says so. */
  about?: number;
}

interface Written {
  name: string;
  policy: JsonObject;
  match?: string | JsonObject;
  bindings?: JsonObject[];
  params?: Short[];
  namespaces?: Record<string, Record<string, string>>;
  resources: Short[];
  expect: Record<string, string>;
  offline?: Record<string, string | string[]>;
  refused?: string;
  about?: number;
}

interface Short {
  use: keyof typeof templates;
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  image?: string;
  data?: Record<string, string>;
  spec?: JsonObject;
  max?: number;
}

const group = "admissionregistration.k8s.io/v1";

/** Reads all cases; the n-th is called `cNN`. */
export function readAdmissionCases(): AdmissionCase[] {
  const written = parse(readFileSync(join(import.meta.dirname, "admission.yaml"), "utf8")) as Written[];
  return written.map((each, index) => {
    const id = `c${String(index + 1).padStart(2, "0")}`;
    return expand(named(each, id) as Written, id);
  });
}

function expand(written: Written, id: string): AdmissionCase {
  const { name, policy, match, params = [], namespaces = {}, resources, expect, offline = {} } = written;
  const bindings = written.bindings ?? [{ validationActions: ["Deny"] }];
  const make = (short: Short): JsonObject => templates[short.use](short, short.namespace ?? id);
  return {
    ...{ id, name, expect },
    policy: {
      ...{ apiVersion: group, kind: "ValidatingAdmissionPolicy", metadata: { name: id } },
      spec: { matchConstraints: constraints(match), ...policy },
    },
    bindings: bindings.map((spec, index) => ({
      ...{
        apiVersion: group,
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name: `${id}-${index}` },
      },
      spec: { policyName: id, ...spec },
    })),
    params: params.map(make),
    namespaces: Object.entries({ [id]: {}, ...namespaces }).map(([space, labels]) => ({
      ...{ apiVersion: "v1", kind: "Namespace" },
      metadata: { name: space, labels: { ...labels, "kubernetes.io/metadata.name": space } },
    })),
    resources: resources.map(make),
    offline: Object.fromEntries(
      Object.entries({ ...expect, ...offline }).map(([key, said]) => [key, [said].flat()]),
    ),
    ...(written.refused !== undefined && { refused: written.refused }),
    ...(written.about !== undefined && { about: written.about }),
  };
}

function constraints(match: Written["match"] = {}): JsonObject {
  const rules = (groups: string, resources: string): JsonObject => ({
    resourceRules: [
      { apiGroups: [groups], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: [resources] },
    ],
  });
  return typeof match === "string" ? rules("", match) : { ...rules("apps", "deployments"), ...match };
}

/** `$` and what begins with `$-` are names of the case. */
function named(value: unknown, id: string): unknown {
  if (typeof value === "string") return value.replace(/^\$(?=$|-)/, id);
  if (Array.isArray(value)) return value.map((each) => named(each, id));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [named(key, id), named(child, id)]));
}

const metadata = ({ name, labels }: Short, namespace?: string): JsonObject => ({
  ...{ name, ...(namespace && { namespace }) },
  ...(labels && { labels }),
});

const templates = {
  deployment: (short: Short, namespace: string): JsonObject => ({
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: metadata(short, namespace) },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "web", image: short.image ?? "web:1" }] },
      },
      ...short.spec,
    },
  }),
  configmap: (short: Short, namespace: string): JsonObject => ({
    ...{ apiVersion: "v1", kind: "ConfigMap", metadata: metadata(short, namespace) },
    ...(short.data && { data: short.data }),
  }),
  limit: (short: Short, namespace: string): JsonObject => ({
    ...{ apiVersion: "rules.example.com/v1", kind: "Limit", metadata: metadata(short, namespace) },
    max: short.max!,
  }),
  autoscaler: (short: Short, namespace: string): JsonObject => ({
    ...{
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: metadata(short, namespace),
    },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      maxReplicas: short.max!,
    },
  }),
  role: (short: Short): JsonObject => ({
    ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: metadata(short) },
    rules: [],
  }),
  policy: (short: Short): JsonObject => ({
    ...{
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: metadata(short),
    },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            ...{ apiGroups: ["example.com"], apiVersions: ["v1"] },
            ...{ operations: ["CREATE"], resources: ["nothings"] },
          },
        ],
      },
      validations: [{ expression: "true" }],
    },
  }),
  binding: (short: Short): JsonObject => ({
    ...{
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: metadata(short),
    },
    spec: { policyName: short.name, validationActions: ["Deny"] },
  }),
  namespace: (short: Short): JsonObject => ({
    ...{ apiVersion: "v1", kind: "Namespace", metadata: metadata(short) },
  }),
};

/** The definition of the kind of parameters that a case has of its own. */
export const limitDefinition: JsonObject = {
  ...{ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
  metadata: { name: "limits.rules.example.com" },
  spec: {
    ...{ group: "rules.example.com", scope: "Namespaced" },
    names: { kind: "Limit", plural: "limits", singular: "limit", listKind: "LimitList" },
    versions: [
      {
        ...{ name: "v1", served: true, storage: true },
        schema: { openAPIV3Schema: { type: "object", properties: { max: { type: "integer" } } } },
      },
    ],
  },
};
