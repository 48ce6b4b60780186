import { McaiError } from "../errors.ts";
import type { JsonAnswer } from "./http.ts";
import type { BackendSession } from "./session.ts";

/** The first version of the backend that has a black list, pre-releases of it excluded. */
const firstVersion: readonly number[] = [1, 6, 0];

/** The backend's side of the black list (docs/protocol.md). */
export class BackendBlackList {
  readonly #session: BackendSession;

  constructor(session: BackendSession) {
    this.#session = session;
  }

  /** Opens the session, which the first request would do otherwise. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#session.open(signal);
  }

  /** The list; empty if the backend is too old to have one. */
  async readIfKnown(signal: AbortSignal): Promise<readonly number[]> {
    const answer = await this.#session.request("GET", "/step_flow", signal);
    const version = answer.field("version");
    if (typeof version !== "string") throw unexpected("GET /step_flow", answer, "a version");
    return hasBlackList(version) ? this.read(signal) : [];
  }

  /** The list. */
  async read(signal: AbortSignal): Promise<readonly number[]> {
    const path = "/step_flow/blacklist";
    return readIds(`GET ${path}`, await this.#session.request("GET", path, signal));
  }

  /** Takes a job off the list, and gives what is left of it. */
  async remove(jobId: number, signal: AbortSignal): Promise<readonly number[]> {
    const path = `/step_flow/blacklist/${jobId}`;
    return readIds(`DELETE ${path}`, await this.#session.request("DELETE", path, signal));
  }
}

/** Whether a backend of this version has a black list. @throws {McaiError} `STORE_FAILED` if it is no version. */
function hasBlackList(version: string): boolean {
  const match = /^(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?(\+[\w.-]+)?$/.exec(version);
  if (!match)
    throw new McaiError(
      "STORE_FAILED",
      `store BACKEND: expected a version such as 1.8.2, got ${JSON.stringify(version)}`,
    );
  for (const [i, first] of firstVersion.entries()) {
    const own = Number(match[i + 1]);
    if (own !== first) return own > first;
  }
  return match[4] === undefined;
}

function readIds(what: string, answer: JsonAnswer): readonly number[] {
  const ids = answer.field("data");
  if (Array.isArray(ids) && ids.every((id) => Number.isSafeInteger(id))) return ids as number[];
  throw unexpected(what, answer, 'job ids, {"data":[80],"total":1}');
}

function unexpected(what: string, answer: JsonAnswer, expected: string): McaiError {
  return new McaiError("STORE_FAILED", `store BACKEND: ${what} gave no ${expected} (HTTP ${answer.status})`);
}
