import { randomBytes } from "node:crypto";
import { hideSecret, publish, readEvent, runAction, say } from "@gitops-actions/action";
import { plain } from "@gitops-actions/report";
import { formatBoardMarkdown, formatBoardText } from "./board.ts";
import { connect } from "./connection.ts";
import { readInputs } from "./inputs.ts";
import { outputsOf } from "./reporting.ts";
import { run } from "./run.ts";

await runAction(async ({ host, signal }) => {
  const inputs = readInputs(host);
  if (inputs.token) hideSecret(host, inputs.token);
  const write = (text: string): void => void process.stdout.write(text);
  const forge = connect(inputs.token, host, signal, inputs.repository);
  const outcome = await run(inputs, {
    host,
    event: readEvent(host),
    progress: (message) => say(message, write),
    signal,
    secretKey: randomBytes(32),
    ...(forge ? { forge } : {}),
  });
  say(formatBoardText(outcome.board, plain), write);
  return publish(outcome.report, host, {
    policy: { failOnSeverity: "error", failOn: "all", allowEmpty: false },
    write,
    outputs: outputsOf(outcome),
    sections: [formatBoardMarkdown(outcome.board)],
    summary: inputs.summary,
    annotations: inputs.annotations,
  });
});
