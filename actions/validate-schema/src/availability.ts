import { apiState, type Lifecycle, type SchemaSet, versionsOf } from "@gitops-actions/engine";
import type { ResourceId } from "@gitops-actions/manifest";
import { nearest, type Severity } from "@gitops-actions/report";

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
  if (state?.state === "not-yet") {
    return {
      what: "unknown-version",
      severity: "error",
      message: `${name} comes with Kubernetes ${state.introduced}; this is ${version}`,
    };
  }
  if (!known) return unknown(id, set, name);
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
    return {
      what: "deprecated-api",
      severity: "warning",
      message: `${name} is deprecated since Kubernetes ${state.since}${until}`,
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

function unknown(id: ResourceId, set: SchemaSet, name: string): Availability {
  const version = minor(set.kubernetes);
  const served = versionsOf(set, id);
  if (served.length > 0) {
    const help = `Use ${served.map((each) => apiVersion({ ...id, version: each })).join(" or ")}.`;
    return {
      what: "unknown-version",
      severity: "error",
      message: `Kubernetes ${version} has no ${name}`,
      help,
    };
  }
  if (set.groups.has(id.group)) {
    const kinds = [
      ...new Set([...set.kinds.values()].filter(({ group }) => group === id.group).map(({ kind }) => kind)),
    ];
    const near = nearest(id.kind, kinds);
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
  const groups = [...set.groups].filter(Boolean);
  const near = nearest(id.group, groups);
  return {
    ...{
      what: "missing-schema",
      severity: "error",
      message: `there is no schema for ${name}, so it was not validated`,
    },
    help:
      (near && near !== id.group ? `If the group should be ${near}, correct it. Otherwise ` : "") +
      "add its CustomResourceDefinition to the repository (gitops schemas add), or say where its schema is: schema-locations. " +
      `To go without: missing-schemas: "allow: ${id.group}/${id.kind}"`,
  };
}

function use(replacement: { group: string; version: string; kind: string } | undefined): { help?: string } {
  return replacement ? { help: `Use ${apiVersion(replacement)} ${replacement.kind}.` } : {};
}

function apiVersion({ group, version }: { group: string; version: string }): string {
  return group ? `${group}/${version}` : version;
}

function minor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
