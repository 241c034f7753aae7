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
  const { said, fromServer } = messageOf(body);
  // What kubectl proxy says itself, when it does not get through, is no Status (kubectl/pkg/proxy, responder.Error).
  if ((status === 500 || status === 502) && !fromServer) return unreachable(said);
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
    case 504:
      return { code: "timeout", message: said || "the server did not answer in time" };
    default:
      return { code: "server-error", message: `status ${status}${said ? `: ${said}` : ""}` };
  }
}

function messageOf(body: string): { said: string; fromServer: boolean } {
  try {
    const status = Status.safeParse(JSON.parse(body));
    if (status.success) return { said: status.data.message || status.data.reason, fromServer: true };
  } catch {
    // Not JSON: kubectl and load balancers answer in words.
  }
  return { said: body.trim().split("\n")[0]!.slice(0, 300), fromServer: false };
}

function unreachable(said: string): Unread {
  if (/x509|certificate|tls:/i.test(said)) return { code: "certificate", message: said };
  if (/getting credentials|exec plugin|executable .* (?:failed|not found)|Unauthorized|oauth2/i.test(said))
    return { code: "unauthorised", message: said };
  if (/i\/o timeout|deadline exceeded|handshake timeout/i.test(said))
    return { code: "timeout", message: said };
  return { code: "unreachable", message: said || "the API server cannot be reached" };
}

/** The reason of a request that got no answer, or half of one. */
export function failureOfError(error: Error & { code?: unknown }): Unread {
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
