import { randomBytes } from "node:crypto";
import { hideSecret, publish, runAction, say } from "@gitops-actions/action";
import { readInputs } from "./inputs.ts";
import { run } from "./run.ts";

await runAction(async ({ host, signal }) => {
  const inputs = readInputs(host);
  if (inputs.token) hideSecret(host, inputs.token);
  const write = (text: string): void => void process.stdout.write(text);
  const { report } = await run(inputs, {
    host,
    progress: (message) => say(message, write),
    signal,
    secretKey: randomBytes(32),
  });
  return publish(report, host, {
    policy: {
      failOnSeverity: inputs.failOnSeverity,
      failOn: inputs.failOn,
      allowEmpty: inputs.allowEmpty,
    },
    write,
    summary: inputs.summary,
    annotations: inputs.annotations,
  });
});
