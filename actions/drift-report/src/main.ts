import { randomBytes } from "node:crypto";
import { hideSecret, publish, readEvent, runAction, say } from "@gitops-actions/action";
import { readInputs } from "./inputs.ts";
import { run } from "./run.ts";
import { syncSection } from "./summary.ts";
import { tell } from "./telling.ts";

await runAction(async ({ host, signal }) => {
  const inputs = readInputs(host);
  for (const secret of [inputs.token, inputs.webhook]) if (secret) hideSecret(host, secret);
  const write = (text: string): void => void process.stdout.write(text);
  const outcome = await run(inputs, {
    host,
    event: readEvent(host),
    progress: (message) => say(message, write),
    signal,
    secretKey: randomBytes(32),
  });
  const told = await tell(outcome, inputs, host, signal);
  for (const line of told) say(line, write);
  return publish(outcome.report, host, {
    policy: {
      failOnSeverity: inputs.failOnSeverity,
      failOn: inputs.failOn === "none" ? "none" : "all",
      allowEmpty: inputs.allowEmpty,
    },
    write,
    outputs: { drifted: outcome.drifted, counts: JSON.stringify(outcome.counts) },
    sections: [syncSection(outcome.statuses, host.now())],
    summary: inputs.summary,
    annotations: false,
  });
});
