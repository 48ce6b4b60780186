import { McaiError } from "../errors.ts";
import { Version } from "../version.ts";
import type { JsonAnswer } from "./http.ts";
import type { BackendSession } from "./session.ts";

/** The black list of the backend (docs/protocol.md, "The black list"). */
export class BackendBlackList {
  readonly #session: BackendSession;

  constructor(session: BackendSession) {
    this.#session = session;
  }

  /** Logs in to the backend ahead of the first request. */
  async logIn(signal: AbortSignal): Promise<void> {
    await this.#session.logIn(signal);
  }

  /** Reads the black list; empty if the backend is too old to have one. */
  async readIfKnown(signal: AbortSignal): Promise<readonly number[]> {
    const answer = await this.#session.request("GET", "/step_flow", signal);
    const version = answer.field("version");
    if (typeof version !== "string") throw unexpected("GET /step_flow", answer, "a version");
    return hasBlackList(version) ? this.read(signal) : [];
  }

  /** Reads the black list. */
  async read(signal: AbortSignal): Promise<readonly number[]> {
    const path = "/step_flow/blacklist";
    return readIds(`GET ${path}`, await this.#session.request("GET", path, signal));
  }

  /** Removes a job from the black list, and returns the remaining ids. */
  async remove(jobId: number, signal: AbortSignal): Promise<readonly number[]> {
    const path = `/step_flow/blacklist/${jobId}`;
    return readIds(`DELETE ${path}`, await this.#session.request("DELETE", path, signal));
  }
}

/**
 * Whether a backend of this version has a black list: since 1.6.0.
 *
 * @throws {@link McaiError} `STORE_FAILED` if it is not a version.
 */
function hasBlackList(version: string): boolean {
  const parsed = Version.parse(version);
  if (parsed === undefined)
    throw new McaiError(
      "STORE_FAILED",
      `store BACKEND: expected a version such as 1.8.2, got ${JSON.stringify(version)}`,
    );
  const order = parsed.compare(1, 6, 0);
  return order > 0 || (order === 0 && !parsed.isPreRelease);
}

function readIds(what: string, answer: JsonAnswer): readonly number[] {
  const ids = answer.field("data");
  if (Array.isArray(ids) && ids.every((id) => Number.isSafeInteger(id))) return ids as number[];
  throw unexpected(what, answer, 'job ids, {"data":[80],"total":1}');
}

function unexpected(what: string, answer: JsonAnswer, expected: string): McaiError {
  return new McaiError("STORE_FAILED", `store BACKEND: ${what} returned no ${expected} (HTTP ${answer.status})`);
}
