import type { Location } from "@gitops-actions/report";

export type OverlayKind = "kustomize" | "helm" | "plain";

export interface OverlayOptions {
  /** Helm release name; default: the chart folder's name. */
  releaseName?: string;
  /** Values files, relative to the repository root, in order of precedence (last wins). */
  values: string[];
  kubeVersion?: string;
  apiVersions: string[];
  includeCrds?: boolean;
}

/** Something that is rendered for an environment. */
export interface Overlay {
  /** Unique, stable, safe as a file name: the path, or `path@environment` for a chart with several values files. */
  id: string;
  /** Folder of the kustomization, chart or manifests, relative to the repository root; "" is never used: the root is ".". */
  path: string;
  kind: OverlayKind;
  environment?: string;
  app?: string;
  cluster?: string;
  namespace?: string;
  options: OverlayOptions;
}

/** Something the fleet holds that we do not render, with the reason (Terraform, jsonnet, remote sources, ...). */
export interface Noticed {
  path: string;
  code: string;
  message: string;
}

export interface Gap {
  code: string;
  message: string;
  location?: Location;
  /** Something is not looked at because of it. Undefined: a warning, as far as it is one. */
  severity?: "error";
  /** What would be fetched, for `remote-*` and `chart-dependency`. `pinned`: the address names immutable content. */
  remote?: { url: string; host: string; pinned: boolean };
}

/** Everything that a render of one overlay reads, or looks for and does not find. */
export interface Closure {
  /** Entries read: files and symlinks (both the link and what it resolves to), sorted. */
  files: string[];
  /** Directories whose whole contents count (charts), or whose listing was looked at; sorted. */
  directories: string[];
  /** Names that were looked for and are absent; sorted. */
  absent: string[];
  /** Why the closure is not fully known (remote base, plugin, ...); empty means complete. */
  gaps: Gap[];
  /** Attempts to leave the repository (`../` above the root, links that point outside): the overlay is rejected. */
  escapes: Gap[];
  /** A kustomization of it inflates Helm charts: kustomize needs `--enable-helm` and Helm. */
  inflatesCharts?: true;
  /** sha256 over the paths, modes, object ids and absent names above. Equal digest and no gaps: equal render. */
  digest: string;
}
