/** The person asked for something that cannot be: exit status 2. The message names the input or file, what was expected and what to do. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A tool, the network or the machine failed: exit status 3. */
export class ToolError extends Error {
  override name = "ToolError";
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
