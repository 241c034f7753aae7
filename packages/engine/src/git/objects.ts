import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { ToolError } from "@gitops-actions/report";
import type { Machine } from "../machine.ts";
import { gitEnvironment, quietly } from "./process.ts";

export interface GitObject {
  type: string;
  bytes: Buffer;
}

/** Objects of a repository by id, through one long-living `git cat-file --batch`; requests are pipelined. */
export interface Objects {
  /** Undefined when the repository has no such object. Throws ToolError `git/too-large` over the cap. */
  read(id: string): Promise<GitObject | undefined>;
  close(): Promise<void>;
}

/** The largest object or file that is read into memory, in bytes. */
export const maxObjectBytes = 64 * 1024 ** 2;

interface Request {
  id: string;
  resolve(object: GitObject | undefined): void;
  reject(error: Error): void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts nothing until the first read. `args` say which repository; objects over `maxBytes` are read past, not kept. */
export function openObjects(
  machine: Machine,
  args: readonly string[],
  env: Record<string, string>,
  maxBytes: number,
): Objects {
  let child: Child | undefined;
  let closed = false;
  const waiting: Request[] = [];

  function start(): Child {
    const started = spawn("git", [...quietly, ...args, "cat-file", "--batch"], {
      cwd: machine.tempDir,
      env: gitEnvironment(machine, { env }),
      stdio: ["pipe", "pipe", "pipe"],
    });
    let complaint = "";
    started.stderr.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString("utf8")).slice(-2000);
    });
    const parse = batchParser(maxBytes, (answer) => {
      const request = waiting.shift();
      if (waiting.length === 0) hold(started, false);
      if (!request) return;
      if (answer instanceof Error) request.reject(answer);
      else request.resolve(answer);
    });
    started.stdout.on("data", parse);
    // Errors of the pipes show as the process's end.
    for (const stream of [started.stdin, started.stdout, started.stderr]) stream.on("error", () => {});
    const ended = (why: string): void => {
      if (child === started) child = undefined;
      const error = new ToolError("git/objects", `git cat-file ended early: ${why}`);
      for (const request of waiting.splice(0)) request.reject(error);
    };
    started.on("error", (error) => ended(error.message));
    started.on("close", (code, signal) => ended(complaint.trim() || `exit status ${code ?? signal}`));
    return started;
  }

  return {
    read(id) {
      if (closed) return Promise.reject(new ToolError("git/closed", "the repository was closed"));
      if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(id))
        return Promise.reject(new Error(`not an object id: ${id}`));
      child ??= start();
      if (waiting.length === 0) hold(child, true);
      const { promise, resolve, reject } = Promise.withResolvers<GitObject | undefined>();
      waiting.push({ id, resolve, reject });
      child.stdin.write(`${id}\n`);
      return promise;
    },
    async close() {
      closed = true;
      const running = child;
      if (!running) return;
      hold(running, true);
      const gone = new Promise<void>((resolve) => running.once("close", () => resolve()));
      running.stdin.end();
      await gone;
    },
  };
}

/** An idle batch process must not keep this process alive; one that owes us an answer must. */
function hold(child: Child, keep: boolean): void {
  // The streams are sockets, whose types do not say so.
  const handles = [child, child.stdin, child.stdout, child.stderr] as unknown as {
    ref(): void;
    unref(): void;
  }[];
  for (const handle of handles) keep ? handle.ref() : handle.unref();
}

/** Cuts the output of `cat-file --batch` (`<id> <type> <size>\n<bytes>\n` or `<id> missing\n`) into answers. */
export function batchParser(
  maxBytes: number,
  answer: (object: GitObject | undefined | Error) => void,
): (chunk: Buffer) => void {
  let head: Buffer = Buffer.alloc(0);
  let body: { type: string; size: number; left: number; parts: Buffer[]; id: string } | undefined;

  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (!body) {
        const end = rest.indexOf(10);
        head =
          head.length === 0
            ? rest.subarray(0, end < 0 ? rest.length : end)
            : Buffer.concat([head, rest.subarray(0, end < 0 ? rest.length : end)]);
        if (end < 0) return;
        rest = rest.subarray(end + 1);
        const [id = "", type = "", size = ""] = head.toString("latin1").split(" ");
        head = Buffer.alloc(0);
        if (/^\d+$/.test(size)) body = { id, type, size: Number(size), left: Number(size) + 1, parts: [] };
        else answer(undefined);
        continue;
      }
      const taken = rest.subarray(0, body.left);
      body.left -= taken.length;
      rest = rest.subarray(taken.length);
      if (body.size <= maxBytes) body.parts.push(taken);
      if (body.left > 0) continue;
      const { id, type, size, parts } = body;
      body = undefined;
      answer(
        size <= maxBytes
          ? { type, bytes: Buffer.concat(parts).subarray(0, size) }
          : tooLarge(id, size, maxBytes),
      );
    }
  };
}

function tooLarge(id: string, size: number, maxBytes: number): ToolError {
  const mebibytes = (bytes: number) => Math.round(bytes / 1024 ** 2);
  return new ToolError(
    "git/too-large",
    `object ${id} has ${mebibytes(size)} MiB; at most ${mebibytes(maxBytes)} MiB are read`,
  );
}
