import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A synthetic repository on disk: `main`, and a branch that touches some of its overlays. */
export interface SyntheticFleet {
  folder: string;
  /** Every overlay folder, in order. */
  overlays: string[];
  /** Those that the branch touches. */
  touched: string[];
  base: string;
  head: string;
}

const environments = ["dev", "staging", "prod"] as const;

/**
 * Writes a fleet of `count` overlays: apps with a base of their own, which stands on a shared base, which stands on
 * a library; components shared by all; one overlay for each app and environment. `touch` overlays are changed on the branch.
 */
export function makeFleet(folder: string, count: number, touch: number): SyntheticFleet {
  const files = new Map<string, string>();
  addShared(files);
  const overlays: string[] = [];
  for (let app = 0; overlays.length < count; app++) {
    const name = `app-${String(app).padStart(4, "0")}`;
    addApp(files, name);
    for (const environment of environments) {
      if (overlays.length === count) break;
      overlays.push(`apps/${name}/overlays/${environment}`);
      addOverlay(files, name, environment);
    }
  }
  for (const [path, text] of files) write(folder, path, text);
  git(folder, "init", "-q", "-b", "main");
  git(folder, "add", "-A");
  git(folder, "commit", "-q", "-m", "fleet");
  const base = git(folder, "rev-parse", "HEAD").trim();
  git(folder, "checkout", "-q", "-b", "change");
  // Spread over the fleet, so that no neighbourhood helps.
  const touched = Array.from({ length: touch }, (_, i) => overlays[Math.floor(((i + 0.5) * count) / touch)]!);
  for (const overlay of touched) write(folder, `${overlay}/replicas.yaml`, patch(overlay.split("/")[1]!, 9));
  git(folder, "commit", "-q", "-a", "-m", "change");
  // As a clone has it: no objects one by one.
  git(folder, "repack", "-a", "-d", "-q");
  return { folder, overlays, touched, base, head: git(folder, "rev-parse", "HEAD").trim() };
}

function addShared(files: Map<string, string>): void {
  files.set("library/workload/kustomization.yaml", "resources:\n  - deployment.yaml\n  - service.yaml\n");
  files.set("library/workload/deployment.yaml", deployment);
  files.set(
    "library/workload/service.yaml",
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector:\n    app: web\n  ports:\n    - name: http\n      port: 80\n      targetPort: 8080\n",
  );
  files.set(
    "library/service/kustomization.yaml",
    "resources:\n  - ../workload\n  - account.yaml\nlabels:\n  - pairs:\n      platform.example.com/tier: service\n    includeSelectors: false\n",
  );
  files.set("library/service/account.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n");
  files.set(
    "components/probes/kustomization.yaml",
    "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - target:\n      kind: Deployment\n    patch: |-\n      - op: add\n        path: /spec/template/spec/containers/0/readinessProbe\n        value:\n          httpGet:\n            path: /ready\n            port: 8080\n",
  );
  files.set(
    "components/budget/kustomization.yaml",
    "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources:\n  - budget.yaml\n",
  );
  files.set(
    "components/budget/budget.yaml",
    "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: web\nspec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      app: web\n",
  );
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      serviceAccountName: web
      containers:
        - name: app
          image: registry.example.com/web:1.0.0
          ports:
            - name: http
              containerPort: 8080
          envFrom:
            - configMapRef:
                name: settings
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
`;

function addApp(files: Map<string, string>, name: string): void {
  files.set(
    `apps/${name}/base/kustomization.yaml`,
    `resources:\n  - ../../../library/service\nnamePrefix: ${name}-\nimages:\n  - name: registry.example.com/web\n    newName: registry.example.com/${name}\n    newTag: 1.4.2\n`,
  );
}

function addOverlay(files: Map<string, string>, name: string, environment: string): void {
  const folder = `apps/${name}/overlays/${environment}`;
  files.set(
    `${folder}/kustomization.yaml`,
    `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: ${name}-${environment}\nresources:\n  - ../../base\ncomponents:\n  - ../../../../components/probes\n  - ../../../../components/budget\npatches:\n  - path: replicas.yaml\nconfigMapGenerator:\n  - name: settings\n    files:\n      - settings.properties\n`,
  );
  files.set(`${folder}/replicas.yaml`, patch(name, environment === "prod" ? 3 : 1));
  files.set(`${folder}/settings.properties`, `app=${name}\nenvironment=${environment}\nlog.level=info\n`);
}

function patch(name: string, replicas: number): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}-web\nspec:\n  replicas: ${replicas}\n`;
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function git(folder: string, ...args: string[]): string {
  const identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0"];
  return execFileSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8" });
}
