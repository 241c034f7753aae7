import * as z from "zod";

/** Why something of a cluster could not be read. A failed read is never "nothing there". */
export interface Unread {
  code:
    | "unreachable"
    | "certificate"
    | "unauthorised"
    | "forbidden"
    | "unknown-kind"
    | "page-expired"
    | "throttled"
    | "timeout"
    | "incomplete"
    | "server-error";
  message: string;
}

/** What the API server answers with when it does not answer the question (metav1.Status). */
const Status = z.object({
  kind: z.literal("Status"),
  message: z.string().default(""),
  reason: z.string().default(""),
});

/** The reason of an answer that is no success: its status, and the text or Status in its body. */
export function failureOf(status: number, body: string): Unread {
  const said = messageOf(body);
  switch (status) {
    case 401:
      return { code: "unauthorised", message: said || "the credentials are not accepted (expired?)" };
    case 403:
      return { code: "forbidden", message: said || "forbidden" };
    case 404:
      return { code: "unknown-kind", message: said || "the server does not have this kind" };
    case 410:
      return { code: "page-expired", message: said || "the next page is no longer to be had" };
    case 429:
      return { code: "throttled", message: said || "too many requests" };
    // kubectl proxy says so when it does not get through to the server.
    case 502:
      return unreachable(said);
    case 504:
      return { code: "timeout", message: said || "the server did not answer in time" };
    default:
      return { code: "server-error", message: `status ${status}${said ? `: ${said}` : ""}` };
  }
}

function messageOf(body: string): string {
  try {
    const status = Status.safeParse(JSON.parse(body));
    if (status.success) return status.data.message || status.data.reason;
  } catch {
    // Not JSON: kubectl and load balancers answer in words.
  }
  return body.trim().split("\n")[0]!.slice(0, 300);
}

function unreachable(said: string): Unread {
  if (/x509|certificate|tls:/i.test(said)) return { code: "certificate", message: said };
  if (/getting credentials|exec plugin|executable .* (?:failed|not found)|Unauthorized|oauth2/i.test(said))
    return { code: "unauthorised", message: said };
  return { code: "unreachable", message: said || "the API server cannot be reached" };
}

/** The reason of a request that got no answer, or half of one. */
export function failureOfError(error: Error & { code?: string }): Unread {
  if (error.name === "TimeoutError" || error.name === "AbortError")
    return { code: "timeout", message: "the server did not answer in time" };
  if (error.code === "ECONNRESET" || error.message === "aborted")
    return { code: "incomplete", message: "the answer broke off" };
  return { code: "unreachable", message: error.message };
}

/** Whether asking once more may help. */
export function isPassing({ code }: Unread): boolean {
  return code === "throttled" || code === "incomplete" || code === "timeout";
}
