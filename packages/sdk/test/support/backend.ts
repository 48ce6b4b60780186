import { EventEmitter, once } from "node:events";
import { type Reply, type Request, startHttpServer } from "./http-server.ts";

/** What a backend of the tests holds; all of it may be changed while it runs. */
interface BackendOptions {
  /** Of step_flow. @default "1.8.1" */
  readonly version?: string;
  /** Values by their keys. @default {} */
  readonly credentials?: Readonly<Record<string, unknown>>;
  /** The jobs that must not be done. @default [] */
  readonly blackList?: readonly number[];
}

/** How requests fail: by a status, by a body that is no JSON, or by an answer that waits until a promise resolves. */
type Fault = { readonly status: number } | { readonly rubbish: true } | { readonly until: Promise<unknown> };

/** A request that came, and the status of its answer. */
interface Recorded {
  readonly method: string;
  /** Below `/api`. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
  readonly status: number;
}

const email = "worker@example.org";
const password = "a backend password";

/** A backend's HTTP side on the loopback, as far as workers use it. Like the real one it wants a login first. */
export class Backend implements AsyncDisposable {
  /** Of step_flow. */
  version: string;
  readonly credentials: Map<string, unknown>;
  readonly blackList: Set<number>;
  /** The requests that were answered, in the order of their answers. */
  readonly requests: Recorded[] = [];

  readonly #answered = new EventEmitter();
  readonly #faults = new Map<string, Fault>();
  readonly #tokens = new Set<string>();
  #tokenCount = 0;
  #port = 0;
  #server: AsyncDisposable | undefined;

  static async start(options: BackendOptions = {}): Promise<Backend> {
    const backend = new Backend(options);
    await backend.comeBack();
    return backend;
  }

  private constructor({ version = "1.8.1", credentials = {}, blackList = [] }: BackendOptions) {
    this.version = version;
    this.credentials = new Map(Object.entries(credentials));
    this.blackList = new Set(blackList);
  }

  /** What a worker needs in its environment to reach it. */
  get env(): Readonly<Record<string, string>> {
    return {
      BACKEND_HOSTNAME: `http://127.0.0.1:${this.#port}/api`,
      BACKEND_USERNAME: email,
      BACKEND_PASSWORD: password,
    };
  }

  /** Ends all sessions: what is asked with their tokens is answered with 401. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** From now on requests fail; only those to a path and what is below it if one is given. */
  fail(fault: Fault, path = "/"): void {
    this.#faults.set(path, fault);
  }

  /** Takes back every fault. */
  heal(): void {
    this.#faults.clear();
  }

  /** Closes the port and cuts the connections. */
  async goAway(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }

  /** Listens again, on the same port. */
  async comeBack(): Promise<void> {
    const server = await startHttpServer((request) => this.#respond(request), this.#port);
    this.#server = server;
    this.#port = server.port;
  }

  /** Waits until so many requests of a method and path have been answered, since the start, and gives the last of them. */
  async answered(method: string, path: string, count = 1): Promise<Recorded> {
    for (;;) {
      const found = this.requests.filter((one) => one.method === method && one.path === path)[count - 1];
      if (found) return found;
      await once(this.#answered, "request");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway();
  }

  async #respond(request: Request): Promise<Reply> {
    const path = request.url.replace(/^\/api(?=\/)/, "");
    const reply = await this.#reply(request, path);
    const { method, headers, body } = request;
    this.requests.push({ method, path, authorization: headers.authorization, body, status: reply.status });
    this.#answered.emit("request");
    return reply;
  }

  async #reply(request: Request, path: string): Promise<Reply> {
    for (const [prefix, fault] of this.#faults) {
      if (prefix !== "/" && path !== prefix && !path.startsWith(`${prefix}/`)) continue;
      if ("until" in fault) await fault.until;
      else if ("status" in fault) return refusal(fault.status, "forced by a test");
      else return { status: 200, json: undefined };
    }
    if (!request.url.startsWith("/api/")) return refusal(404, "Not Found");
    if (request.method === "POST" && path === "/sessions") return this.#logIn(request.body);
    // The whole header is the token: the real backend knows no "Bearer".
    if (!this.#tokens.has(request.headers.authorization ?? "")) return refusal(401, "Unauthorized");
    return this.#resource(request.method, path);
  }

  #logIn(body: string): Reply {
    const { session } = JSON.parse(body);
    if (session?.email !== email || session.password !== password) return refusal(401, "Invalid email or password");
    const token = `token-${++this.#tokenCount}`;
    this.#tokens.add(token);
    return { status: 200, json: { access_token: token, user: { email } } };
  }

  #resource(method: string, path: string): Reply {
    const [, key] = /^\/credentials\/([^/?]+)$/.exec(path) ?? [];
    const [, listed] = /^\/step_flow\/blacklist\/(\d+)$/.exec(path) ?? [];
    if (method === "GET" && path === "/step_flow")
      return { status: 200, json: { application: "step_flow", version: this.version } };
    if (method === "GET" && path === "/step_flow/blacklist") return this.#blackList();
    if (method === "DELETE" && listed !== undefined) {
      this.blackList.delete(Number(listed));
      return this.#blackList();
    }
    if (method === "GET" && key !== undefined) return this.#credential(decodeURIComponent(key));
    return refusal(404, "Not Found");
  }

  #blackList(): Reply {
    return { status: 200, json: { data: [...this.blackList], total: this.blackList.size } };
  }

  #credential(key: string): Reply {
    if (!this.credentials.has(key)) return refusal(404, "Not Found");
    const id = [...this.credentials.keys()].indexOf(key) + 1;
    const data = { id, key, value: this.credentials.get(key), inserted_at: "2026-01-01T00:00:00" };
    return { status: 200, json: { data } };
  }
}

function refusal(status: number, detail: string): Reply {
  return { status, json: { errors: { detail } } };
}
