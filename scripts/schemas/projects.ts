// Projects whose custom resources every fleet meets, and the Go modules their CRDs are made from.

export interface Project {
  /** Name of the pack. */
  name: string;
  /** Versions are those whose modules the Go proxy has. */
  modules: { path: string; version: string }[];
  /** Package patterns for controller-gen. */
  packages?: string[];
  /** Instead: folder of the first module with the CRDs that the project publishes, where it changes what controller-gen makes. */
  published?: string;
  /** The module whose versioned `replace` lines are needed to build. */
  replacesOf?: string;
  /** `replace` lines that point into the module's repository, and the published module that stands for them. */
  replaced?: Record<string, string>;
}

const flux = (name: string, version: string) => ({
  path: `github.com/fluxcd/${name}-controller/api`,
  version,
});
const fluxModules = [
  flux("source", "v1.10.1"),
  flux("kustomize", "v1.10.1"),
  flux("helm", "v1.7.1"),
  flux("notification", "v1.10.0"),
  flux("image-reflector", "v1.3.0"),
  flux("image-automation", "v1.3.0"),
];

export const projects: Project[] = [
  {
    name: "argo-cd",
    modules: [{ path: "github.com/argoproj/argo-cd/v3", version: "v3.6.1" }],
    packages: ["github.com/argoproj/argo-cd/v3/pkg/apis/application/..."],
    replacesOf: "github.com/argoproj/argo-cd/v3",
    replaced: { "github.com/argoproj/argo-cd/gitops-engine/v3": "v3.6.1" },
  },
  {
    name: "flux",
    modules: fluxModules,
    packages: fluxModules.map(({ path }) => `${path}/...`),
  },
  {
    name: "gatekeeper",
    modules: [{ path: "github.com/open-policy-agent/gatekeeper/v3", version: "v3.23.1" }],
    // Patched after generation (config/crd/kustomization.yaml): names limited, groups filled in.
    published: "charts/gatekeeper/crds",
  },
  {
    name: "kyverno",
    modules: [{ path: "github.com/kyverno/kyverno", version: "v1.19.1" }],
    // Made with a controller-gen of its own, which knows markers for oneOf and not.
    published: "config/crds",
  },
];

/** sigs.k8s.io/controller-tools, which makes CRDs from Go types. */
export const controllerGen = "sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0";
/** The newest `go` line among the modules. */
export const goVersion = "1.27.0";
