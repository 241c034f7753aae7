import { randomBytes } from "node:crypto";
import { publish, runAction, say } from "@gitops-actions/action";
import { readInputs } from "./inputs.ts";
import { run } from "./run.ts";

await runAction(async ({ host, signal }) => {
  const inputs = readInputs(host);
  const write = (text: string): void => void process.stdout.write(text);
  const { report } = await run(inputs, {
    host,
    progress: (message) => say(message, write),
    signal,
    secretKey: randomBytes(32),
  });
  return publish(report, host, {
    policy: { failOnSeverity: inputs.failOnSeverity, failOn: inputs.failOn, allowEmpty: inputs.allowEmpty },
    write,
    outputs: {
      verdict: report.verdict,
      "has-findings": String(report.summary.error + report.summary.warning + report.summary.notice > 0),
    },
    summary: inputs.summary,
    annotations: inputs.annotations,
  });
});
