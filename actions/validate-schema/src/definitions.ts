import {
  type CrdSchemas,
  celRulesOf,
  convertConstraintTemplate,
  convertCrd,
  type DefinitionFile,
} from "@gitops-actions/engine";
import { type JsonObject, parseManifests, type Resource } from "@gitops-actions/manifest";
import type { Location } from "@gitops-actions/report";
import { fileLocator, type Group, type SideName } from "./documents.ts";

/** A CustomResourceDefinition of the fleet, converted. */
export interface Definition extends CrdSchemas {
  /** `things.example.com`. */
  name: string;
  side: SideName;
  /** Undefined: a file of the repository that no overlay renders. */
  overlay?: string;
  environment?: string;
  resource: Resource;
  /** What it stands among: an overlay, or a file of the repository. */
  group: Group;
  location: Location | undefined;
}

const isTemplate = ({ id }: Resource): boolean =>
  id.kind === "ConstraintTemplate" && id.group === "templates.gatekeeper.sh";
const isDefinition = (resource: Resource): boolean => {
  const { kind, group, version } = resource.id;
  return (
    (kind === "CustomResourceDefinition" && group === "apiextensions.k8s.io" && version === "v1") ||
    isTemplate(resource)
  );
};

/** The definitions that overlays render. Equal ones are converted once, whichever overlay or side they are of. */
export function renderedDefinitions(groups: readonly Group[], convert: Converter): Definition[] {
  return groups.flatMap((group) =>
    group.resources.filter(isDefinition).map((resource) => ({
      ...{
        name: resource.id.name,
        side: group.side,
        overlay: group.overlay,
        ...(group.environment && { environment: group.environment }),
      },
      ...{ resource, group, location: group.locate(resource, "") },
      ...convert(resource),
    })),
  );
}

/** The definitions in files of the repository, except files that are templates. */
export function repositoryDefinitions(
  files: readonly DefinitionFile[],
  side: SideName,
  folders: readonly string[],
  convert: Converter,
): Definition[] {
  const isWanted = (path: string): boolean =>
    folders.length === 0 || folders.some((folder) => isBelow(path, folder));
  return files
    .filter(({ path, text }) => isWanted(path) && !text.includes("{{"))
    .flatMap(({ path, text }) => {
      const { resources } = parseManifests(text, path);
      const locate = fileLocator(path, text, resources);
      const group: Group = { side, overlay: path, resources, problems: [], locate };
      return resources.filter(isDefinition).map((resource) => ({
        ...{ name: resource.id.name, side, resource, group, ...convert(resource) },
        location: { path, line: resource.line, precision: "exact" as const, via: [] },
      }));
    });
}

function isBelow(path: string, folder: string): boolean {
  const clean = folder.replace(/^\.\//, "").replace(/\/+$/, "");
  return clean === "." || clean === "" || path === clean || path.startsWith(`${clean}/`);
}

export type Converter = (resource: Resource) => CrdSchemas;

/** Conversion with a memory: a definition that fifty overlays render becomes one object, and so do its schemas. */
export function createConverter(): Converter {
  const memory = new Map<string, CrdSchemas>();
  return (resource) => {
    const { text, value } = resource;
    const known = memory.get(text);
    if (known) return known;
    const converted = isTemplate(resource) ? convertConstraintTemplate(value) : convertWithRules(value);
    memory.set(text, converted);
    return converted;
  };
}

function convertWithRules(value: JsonObject): CrdSchemas {
  const { kinds, problems } = convertCrd(value);
  const rules = celRulesOf(value);
  const ruled = kinds.map((kind) => {
    const cel = rules.get(kind.version);
    return cel ? { ...kind, cel } : kind;
  });
  return { kinds: ruled, problems };
}
