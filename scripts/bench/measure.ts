import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Measure {
  seconds: number;
  /** Highest resident size of the process itself, without its children. */
  peakMebibytes: number;
}

/** What is started, and what has to be done before (not timed). */
export interface Runnable {
  command: string;
  args: string[];
  cwd: string;
  prepare: () => void;
}

/** Runs a program once. Rejects when it fails: a contestant that does not do its work would win. */
export function measure({ command, args, cwd, prepare }: Runnable): Promise<Measure> {
  prepare();
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(command, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
    let peakMebibytes = 0;
    // VmHWM only grows, so the last look before the end is all that matters.
    const look = setInterval(() => {
      peakMebibytes = Math.max(peakMebibytes, highWater(child.pid));
    }, 20);
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(look);
      const seconds = (performance.now() - began) / 1000;
      if (code === 0) resolve({ seconds, peakMebibytes });
      else reject(new Error(`${command} ${args.join(" ")}: exit status ${code}`));
    });
  });
}

function highWater(pid: number | undefined): number {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(line?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
