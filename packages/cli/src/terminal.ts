import { styleText } from "node:util";
import type { Host } from "@gitops-actions/action";
import { isJob } from "@gitops-actions/action";
import type { Paint } from "@gitops-actions/report";
import { visible } from "@gitops-actions/report";
import type { Terminal } from "./command.ts";

/** What of `process` a terminal is made from. */
export interface Streams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number };
}

/** The terminal of this process: results to standard output, all else to standard error. Colour and progress only where a person watches. */
export function makeTerminal(streams: Streams, host: Host): Terminal {
  const watched = streams.stderr.isTTY === true && !isJob(host);
  let shown = 0;
  const clear = (): void => {
    if (shown > 0) streams.stderr.write(`\r${" ".repeat(shown)}\r`);
    shown = 0;
  };
  return {
    out: (text) => {
      clear();
      streams.stdout.write(text);
    },
    err: (text) => {
      clear();
      streams.stderr.write(text);
    },
    progress: (message) => {
      if (watched) {
        clear();
        const line = visible(message).slice(0, (streams.stderr.columns ?? 80) - 1);
        streams.stderr.write(line);
        shown = line.length;
      } else if (isLong(message)) {
        streams.stderr.write(`${visible(message)}\n`);
      }
    },
    paint: host.isTerminal && !host.env.NO_COLOR ? colour : (_style, text) => text,
    done: clear,
  };
}

/** Where nobody watches a line change, only what takes minutes is worth a line. */
function isLong(message: string): boolean {
  return /^(Building|Built|Downloading)/.test(message);
}

const COLOURS = {
  error: "red",
  warning: "yellow",
  notice: "cyan",
  good: "green",
  bold: "bold",
  dim: "dim",
} as const satisfies Record<Parameters<Paint>[0], Parameters<typeof styleText>[0]>;

const colour: Paint = (style, text) => styleText(COLOURS[style], text, { validateStream: false });
