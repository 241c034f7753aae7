import { join } from "node:path";
import {
  ensureTool,
  type Machine,
  type RenderJob,
  type RenderResult,
  type RenderSettings,
  renderAll,
  renderLimits,
  userCacheDir,
} from "@gitops-actions/engine";
import type { OverlayKind, OverlayOptions } from "@gitops-actions/fleet";
import { makeMachine, write } from "./machine.ts";

export type TestMachine = ReturnType<typeof makeMachine>;

type RealTools = Required<Pick<RenderSettings, "kustomize" | "helm">>;
let found: Promise<RealTools> | undefined;

/** The pinned tools, from where `npm test` has put them before the tests began. */
export function realTools(machine: TestMachine): Promise<RealTools> {
  found ??= findTools({ ...machine, env: { ...process.env }, cacheDir: userCacheDir(process.env) });
  return found;
}

async function findTools(machine: Machine): Promise<RealTools> {
  const settings = { allowBuild: false };
  return {
    kustomize: await ensureTool("kustomize", settings, machine, () => {}),
    helm: await ensureTool("helm", settings, machine, () => {}),
  };
}

export interface Overlay {
  path: string;
  kind: OverlayKind;
  options?: Partial<OverlayOptions>;
  namespace?: string;
  needsHelm?: boolean;
}

/** A job that renders a folder of `machine.folder/repo`. */
export function job(machine: TestMachine, overlay: Overlay): RenderJob {
  const { path, kind, options, namespace, needsHelm } = overlay;
  return {
    overlay: {
      id: path,
      path,
      kind,
      options: { values: [], apiVersions: [], ...options },
      ...(namespace ? { namespace } : {}),
    },
    directory: join(machine.folder, "repo"),
    ...(needsHelm ? { needsHelm } : {}),
  };
}

/** Writes files, renders one folder of them with the real tools, and returns what came of it. */
export async function render(
  files: Record<string, string | Uint8Array>,
  overlay: Overlay,
  settings: Partial<RenderSettings> = {},
  env: Record<string, string> = {},
): Promise<RenderResult> {
  const machine = makeMachine(env);
  write(join(machine.folder, "repo"), files);
  const all = { ...(await realTools(machine)), kustomizeBuildArgs: [], ...renderLimits, ...settings };
  for await (const result of renderAll([job(machine, overlay)], all, machine)) return result;
  throw new Error("no result");
}

export function text(result: RenderResult): string {
  return result.status === "rendered"
    ? Buffer.from(result.output).toString("utf8")
    : `${result.code}: ${result.message}`;
}
