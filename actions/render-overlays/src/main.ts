import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { hideSecret, publish, readEvent, runAction, say } from "@gitops-actions/action";
import { plain } from "@gitops-actions/report";
import { formatChangesMarkdown, formatChangesText } from "./changes.ts";
import { readInputs } from "./inputs.ts";
import { run } from "./run.ts";

await runAction(async ({ host, signal }) => {
  const inputs = readInputs(host);
  if (inputs.token) hideSecret(host, inputs.token);
  const write = (text: string): void => void process.stdout.write(text);
  const outcome = await run(inputs, {
    host,
    event: readEvent(host),
    progress: (message) => say(message, write),
    signal,
    secretKey: randomBytes(32),
  });
  say(formatChangesText(outcome.changes, plain), write);
  return publish(outcome.report, host, {
    policy: { failOnSeverity: inputs.failOnSeverity, failOn: "all", allowEmpty: inputs.allowEmpty },
    write,
    outputs: {
      directory: outcome.directory,
      index: join(outcome.directory, "index.json"),
      changed: JSON.stringify(outcome.changed),
      "has-changes": String(outcome.changed.length > 0),
    },
    sections: [formatChangesMarkdown(outcome.changes)],
    reportPath: join(outcome.directory, "report.json"),
    summary: inputs.summary,
    annotations: inputs.annotations,
  });
});
