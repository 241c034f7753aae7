import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../contract/source.ts";

/** Starts a control plane in a process of its own; resolves when that has printed where its kubeconfig is. */
async function startElsewhere(): Promise<{ child: ReturnType<typeof spawn>; folder: string }> {
  const module = JSON.stringify(join(root, "scripts/servers/control-plane.ts"));
  const script = `const { startControlPlane } = await import(${module});
const plane = await startControlPlane();
console.log(plane.kubeconfig());`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: root });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, folder: dirname(line.toString().trim()) };
}

/** Whether a port of loopback refuses: nobody listens there any more. */
async function isClosed(url: string): Promise<boolean> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const code = await fetch(url).then(
      () => "",
      (error: Error) => String((error.cause as NodeJS.ErrnoException | undefined)?.code),
    );
    if (code === "ECONNREFUSED") return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

test("a process that is ended takes its servers along", async () => {
  const { child, folder } = await startElsewhere();
  const { clusters } = JSON.parse(readFileSync(join(folder, "kubeconfig-admin"), "utf8"));
  child.kill("SIGTERM");
  await once(child, "exit");
  expect(await isClosed(clusters[0].cluster.server)).toBe(true);
  expect(existsSync(folder)).toBe(false);
});
