import { apiState, type Lifecycle, type SchemaSet, versionsOf } from "@gitops-actions/engine";
import type { ResourceId } from "@gitops-actions/manifest";
import { nearest, type Severity } from "@gitops-actions/report";
import type { Definition } from "./definitions.ts";

/** What can be said of a kind before any field is looked at. */
export interface Availability {
  what:
    | "removed-api"
    | "deprecated-api"
    | "unserved-version"
    | "unknown-version"
    | "unknown-kind"
    | "off-by-default"
    | "missing-schema";
  severity: Severity;
  message: string;
  help?: string;
}

/** Whether a Kubernetes version serves a kind, and for how long; undefined when there is nothing to say. */
export function availabilityOf(
  id: ResourceId,
  set: SchemaSet,
  lifecycles: readonly Lifecycle[],
): Availability | undefined {
  const name = `${apiVersion(id)} ${id.kind}`;
  const version = minor(set.kubernetes);
  const state = apiState(id, set.kubernetes, lifecycles);
  const known = set.kinds.get(`${id.group}/${id.version}/${id.kind}`);
  if (state?.state === "removed") {
    return {
      what: "removed-api",
      severity: "error",
      message: `${name} was removed in Kubernetes ${state.since}`,
      ...use(state.replacement),
    };
  }
  if (state?.state === "subresource") {
    return {
      what: "unknown-kind",
      severity: "error",
      message: `${name} is asked of another resource; there is no such resource to apply`,
    };
  }
  if (state?.state === "not-yet") {
    return {
      what: "unknown-version",
      severity: "error",
      message: `${name} comes with Kubernetes ${state.introduced}; this is ${version}`,
    };
  }
  if (!known) return unknown(id, set, name, state !== undefined);
  if (known.served === false) {
    const served = versionsOf(set, id).join(", ") || "none";
    return {
      what: "unserved-version",
      severity: "error",
      message: `${name} is defined, and not served`,
      help: `Versions that are served: ${served}`,
    };
  }
  if (known.deprecated !== undefined)
    return { what: "deprecated-api", severity: "warning", message: known.deprecated };
  if (state?.state === "deprecated") {
    const until = state.removed ? `, and removed in ${state.removed}` : "";
    const off = state.off ? "; it is served only where an administrator has switched it on" : "";
    return {
      what: "deprecated-api",
      severity: "warning",
      message: `${name} is deprecated since Kubernetes ${state.since}${until}${off}`,
      ...use(state.replacement),
    };
  }
  if (state?.state === "off-by-default") {
    return {
      what: "off-by-default",
      severity: "notice",
      message: `${name} is served only where an administrator has switched it on`,
    };
  }
  return undefined;
}

function unknown(id: ResourceId, set: SchemaSet, name: string, isBuiltIn: boolean): Availability {
  const version = minor(set.kubernetes);
  const served = versionsOf(set, id);
  const allow = `To go without: missing-schemas: "allow: ${id.group}/${id.kind}"`;
  if (served.length > 0) {
    const help = `Use ${served.map((each) => apiVersion({ ...id, version: each })).join(" or ")}.`;
    return {
      what: "unknown-version",
      severity: "error",
      message: lacking(id, set, name),
      help,
    };
  }
  const kinds = [
    ...new Set([...set.kinds.values()].filter(({ group }) => group === id.group).map(({ kind }) => kind)),
  ];
  const meant = nearest(id.kind, kinds);
  // The schemas were read from servers with every API switched on that needs no more than that.
  if (isBuiltIn) {
    const how = `which Kubernetes ${version} serves only where an administrator has switched it on`;
    const message = `there is no schema for ${name}, ${how}, so it was not validated`;
    return { what: "missing-schema", severity: "error", message, help: allow };
  }
  if (set.groups.has(id.group) || (meant !== undefined && isSlip(id.kind, meant))) {
    const near = meant;
    return {
      ...{
        what: "unknown-kind",
        severity: "error",
        message: `${id.group || "the core group"} has no kind ${id.kind}`,
      },
      ...(near && { help: `Did you mean ${near}?` }),
    };
  }
  // A group name without a dot belongs to Kubernetes; a misspelt one is not somebody else's.
  const groups = new Set([...set.groups, ...[...set.kinds.values()].map(({ group }) => group)]);
  const near = nearest(id.group, [...groups].filter(Boolean).sort());
  return {
    ...{
      what: "missing-schema",
      severity: "error",
      message: `there is no schema for ${name}, so it was not validated`,
    },
    help:
      (near && near !== id.group ? `If the group should be ${near}, correct it. Otherwise ` : "") +
      (near === id.group && meant ? `If the kind should be ${meant}, correct it. Otherwise ` : "") +
      "add its CustomResourceDefinition to the repository (gitops schemas add), or say where its schema is: schema-locations. " +
      allow,
  };
}

/**
 * Whether a kind of a group, of which the fleet defines some and perhaps not all, is surely one of those: short names that
 * are one letter apart may well be two kinds.
 */
function isSlip(written: string, meant: string): boolean {
  const plain = written.toLowerCase();
  return plain === meant.toLowerCase() || plain === `${meant.toLowerCase()}s` || written.length >= 8;
}

/** Who would have to know of a version, and does not. */
function lacking(id: ResourceId, set: SchemaSet, name: string): string {
  const own: Partial<Definition> | undefined = set.own.get(`${id.group}/${id.kind}`);
  if (own) {
    const where = own.overlay ?? own.location?.path;
    return `the definition of ${id.kind}${where ? ` in ${where}` : ""} has no version ${id.version} of ${id.group}`;
  }
  const pack = set.projects.get(id.group);
  if (pack === undefined) return `Kubernetes ${minor(set.kubernetes)} has no ${name}`;
  return `the schemas of ${titles[pack] ?? pack} that come with this action have no ${name}`;
}

const titles: Readonly<Record<string, string>> = {
  ...{ "argo-cd": "Argo CD", flux: "Flux", gatekeeper: "Gatekeeper", kyverno: "Kyverno" },
};

function use(replacement: { group: string; version: string; kind: string } | undefined): { help?: string } {
  return replacement ? { help: `Use ${apiVersion(replacement)} ${replacement.kind}.` } : {};
}

function apiVersion({ group, version }: { group: string; version: string }): string {
  return group ? `${group}/${version}` : version;
}

function minor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
