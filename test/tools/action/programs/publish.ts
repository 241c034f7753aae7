// A small action over the real code: what the tests of packages/action start through the stand-in for the runner.
import { writeFileSync } from "node:fs";
import {
  printToolOutput,
  publish,
  readBoolean,
  readEvent,
  readInput,
  runAction,
  say,
} from "@gitops-actions/action";
import { makeFinding, makeReport, ToolError, UsageError } from "@gitops-actions/report";

await runAction(async ({ host, signal }) => {
  const write = (text: string) => void process.stdout.write(text);
  const mode = readInput(host, "mode");
  if (mode === "usage") throw new UsageError(`input 'mode' is 'usage'; the token is ${host.env.INPUT_TOKEN}`);
  if (mode === "tool")
    throw new ToolError("broken", "kustomize ended with status 1\n::set-output name=evil::1");
  if (mode === "bug") throw new TypeError("undefined is not a function");
  if (mode === "full-disk") writeFileSync("/dev/full", "x");
  if (mode === "rejection") {
    void Promise.reject(new Error("nobody waits for me"));
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
  if (mode === "event") {
    say(JSON.stringify(readEvent(host)), write);
    return 0;
  }
  if (mode === "say") {
    say(readInput(host, "text"), write);
    printToolOutput(host, readInput(host, "text"), write);
    return 0;
  }
  if (mode === "host") {
    say(JSON.stringify({ ...host, env: undefined, now: host.now() instanceof Date }), write);
    return 0;
  }
  if (mode === "wait" || mode === "hang") {
    say(`waiting in ${host.tempDir}`, write);
    await new Promise((_resolve, reject) => {
      const timer = setInterval(() => {}, 1_000);
      if (mode === "wait") {
        signal.addEventListener("abort", () => {
          clearInterval(timer);
          reject(signal.reason);
        });
      }
    });
  }
  const number = Number(readInput(host, "findings") || "0");
  const text = readInput(host, "text");
  const report = makeReport({
    action: "demo",
    source: { head: { commit: "a".repeat(40), dirty: false } },
    tools: [],
    checked: { overlays: 1, resources: 1, unique: 1 },
    findings: Array.from({ length: number }, (_, index) =>
      makeFinding({
        rule: "demo/rule",
        severity: "error",
        message: `${text} ${index}`,
        location: { path: `dir/a,b:${index}.yaml`, line: index + 1, precision: "exact", via: [] },
        discriminator: String(index),
      }),
    ),
  });
  return publish(report, host, {
    policy: { failOnSeverity: "error", failOn: "all", allowEmpty: false },
    write,
    outputs: { multi: "a\nb", evil: text },
    json: readBoolean(host, "json", false),
  });
});
