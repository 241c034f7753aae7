/** What a part of a version is: together they say which bytes run. `name` is the image's repository. */
export type Role = "name" | "tag" | "digest" | "version" | "value";

/** The parts of one version, e.g. `{ tag: "1.4.2", digest: "sha256:..." }`. */
export type Version = Partial<Record<Role, string>>;

/** What kind of thing holds a version; one for each way of writing it. */
export type SlotKind =
  | "kustomize-image"
  | "kustomize-chart"
  | "remote-base"
  | "image"
  | "image-values"
  | "chart-dependency"
  | "helm-release"
  | "flux-source"
  | "argo-source"
  | "declared-field"
  | "declared-file";

/** Where one part of a version is written. */
export interface Part {
  /** JSON Pointer of the scalar. */
  pointer: string;
  /** 1-based. */
  line: number;
  /** Offsets [start, end) of the scalar in the file's text, quotes included. */
  range: [number, number];
  /** The scalar's bytes as they stand in the file. */
  raw: string;
  /** Set when the scalar holds more than this part: what stands before and behind it. */
  around?: { before: string; after: string };
}

/** One place in one file that holds a version. */
export interface Slot {
  path: string;
  /** Position of the YAML document in its file, from 0. */
  document: number;
  kind: SlotKind;
  /** What this is a version of: an image, a chart, a repository. */
  subject: string;
  /** Names the place within the file, the same wherever it moves; see `fieldPath`. */
  item: string;
  version: Version;
  /** Of each part of `version`, and of those that could be set although they are empty. */
  parts: Partial<Record<Role, Part>>;
  /** Set for an image written as one text: parts may be added to it. */
  reference?: Part;
}

/** Something that looks like a version and is not moved, with the reason. */
export interface Immovable {
  path: string;
  line: number;
  value: string;
  code:
    | "template"
    | "variable"
    | "in-text"
    | "follows-branch"
    | "own-version"
    | "unreadable"
    | "unpinned"
    | "shared"
    | "no-environment"
    | "range"
    | "pattern";
  reason: string;
}

/** What one file holds. */
export interface FileVersions {
  slots: Slot[];
  immovable: Immovable[];
}
