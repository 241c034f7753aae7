import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Programs that run beside each other until all are stopped, with a private folder for what they write. */
export interface Processes {
  folder: string;
  start(name: string, command: string, args: readonly string[], env: Record<string, string>): void;
  /** Waits for something; throws with the ends of the logs when a program ends first, or the time is up. */
  until<T>(what: string, look: () => Promise<T | undefined>, seconds?: number): Promise<T>;
  /** Memory in use now by each, in MiB. */
  memory(): Record<string, number>;
  stop(): void;
}

/** Nothing runs yet. Stop it in any case: the folder is removed then. */
export function openProcesses(label: string): Processes {
  const folder = mkdtempSync(join(tmpdir(), `${label}-`));
  const children = new Map<string, ChildProcess>();
  const kill = (): void => {
    for (const child of children.values()) child.kill("SIGKILL");
  };
  // A process that ends without stopping them (an interrupt, an error) must not leave them behind.
  process.once("exit", kill);
  const stop = (): void => {
    kill();
    process.removeListener("exit", kill);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const start: Processes["start"] = (name, command, args, env) => {
    const log = openSync(join(folder, `${name}.log`), "a");
    children.set(name, spawn(command, args, { env, cwd: folder, stdio: ["ignore", log, log] }));
  };
  const until: Processes["until"] = async (what, look, seconds = 120) => {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      const ended = [...children].find(([, { exitCode, signalCode }]) => exitCode !== null || signalCode);
      if (ended || Date.now() > end) {
        const why = ended ? `${ended[0]} has ended` : `${seconds} s are over`;
        const logs = [...children.keys()].map((name) =>
          lastLines(folder, name, name === ended?.[0] ? 30 : 4),
        );
        throw new Error(`${what}: ${why}.\n${logs.join("\n")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const memory = (): Record<string, number> =>
    Object.fromEntries([...children].map(([name, { pid }]) => [name, residentMiB(pid)]));
  return { folder, start, until, memory, stop };
}

function lastLines(folder: string, name: string, count: number): string {
  const lines = readFileSync(join(folder, `${name}.log`), "utf8")
    .trimEnd()
    .split("\n");
  return `-- ${name}\n${lines
    .slice(-count)
    .map((line) => line.slice(0, 400))
    .join("\n")}`;
}

/** From Linux's /proc; 0 elsewhere. */
function residentMiB(pid: number | undefined): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
    return Math.round((pages * 4096) / 1024 ** 2);
  } catch {
    return 0;
  }
}
