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
  /** Of the overlay; of a file, that of the overlay in whose folder it lies. */
  environment?: string;
  /** It is a file in a place from which nothing is deployed: hidden, ignored, or of tests. */
  isAside?: true;
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

/** What is known of the places where files lie. */
export interface Places {
  /** The overlays, and which environment they are of. */
  overlays: readonly { path: string; environment?: string | undefined }[];
  /** Whether gitops.yaml ignores a file or folder. */
  isIgnored: (path: string) => boolean;
}

/** The definitions in files of the repository, except files that are templates. */
export function repositoryDefinitions(
  files: readonly DefinitionFile[],
  side: SideName,
  folders: readonly string[],
  places: Places,
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
      const place = placeOf(path, places);
      return resources.filter(isDefinition).map((resource) => ({
        ...{ name: resource.id.name, side, resource, group, ...place, ...convert(resource) },
        location: { path, line: resource.line, precision: "exact" as const, via: [] },
      }));
    });
}

function placeOf(path: string, { overlays, isIgnored }: Places): Pick<Definition, "environment" | "isAside"> {
  const parts = path.split("/").slice(0, -1);
  const isOwn = parts.includes(".gitops");
  const isHidden = parts.some((part) => part.startsWith("."));
  const isTest = /(?:^|\/)(?:testdata|fixtures|__tests__|test-fixtures)\//i.test(path);
  const folders = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  if (!isOwn && (isHidden || isTest || [path, ...folders].some(isIgnored))) return { isAside: true };
  const nearest = folders.toReversed().flatMap((folder) => overlays.filter((each) => each.path === folder));
  const environment = nearest[0]?.environment;
  return environment === undefined ? {} : { environment };
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
