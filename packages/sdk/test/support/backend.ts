import { EventEmitter, once } from "node:events";
import { type Reply, type Request, startHttpServer } from "./http-server.ts";

/** The initial content of a {@link Backend}. Tests may change it later. */
interface BackendOptions {
  /** The version of step_flow. @default "1.8.1" */
  readonly version?: string;
  /** The values of credentials by key. @default {} */
  readonly credentials?: Readonly<Record<string, unknown>>;
  /** The ids of the jobs that must not run. @default [] */
  readonly blackList?: readonly number[];
}

/** How requests fail: with a status, with a body that is not JSON, or with an answer that waits for a promise. */
type Fault = { readonly status: number } | { readonly rubbish: true } | { readonly until: Promise<unknown> };

/** A request, and the status of its answer. */
interface Recorded {
  readonly method: string;
  /** The path below `/api`. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
  readonly status: number;
}

const email = "worker@example.org";
const password = "a backend password";

/** The part of a backend's HTTP API that workers use, on the loopback interface. Like the real one, it requires a login. */
export class Backend implements AsyncDisposable {
  /** The version of step_flow. */
  version: string;
  readonly credentials: Map<string, unknown>;
  readonly blackList: Set<number>;
  /** The answered requests, in the order of their answers. */
  readonly requests: Recorded[] = [];

  readonly #events = new EventEmitter();
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

  /** The variables with which a worker connects to it. */
  get env(): Readonly<Record<string, string>> {
    return {
      BACKEND_HOSTNAME: `http://127.0.0.1:${this.#port}/api`,
      BACKEND_USERNAME: email,
      BACKEND_PASSWORD: password,
    };
  }

  /** Ends all sessions. Requests with their tokens get 401. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** Lets requests fail from now on: all, or those whose path is or starts with this one. */
  fail(fault: Fault, path = "/"): void {
    this.#faults.set(path, fault);
  }

  /** Removes all faults. */
  heal(): void {
    this.#faults.clear();
  }

  /** Closes the port and all connections. */
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

  /** Waits until the next request arrives. */
  async arrived(): Promise<void> {
    await once(this.#events, "arrival");
  }

  /** Waits until so many requests with a method and path have been answered, and returns the last of them. */
  async answered(method: string, path: string, count = 1): Promise<Recorded> {
    for (;;) {
      const found = this.requests.filter((one) => one.method === method && one.path === path)[count - 1];
      if (found) return found;
      await once(this.#events, "answer");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway();
  }

  async #respond(request: Request): Promise<Reply> {
    const path = request.url.replace(/^\/api(?=\/)/, "");
    this.#events.emit("arrival");
    const reply = await this.#reply(request, path);
    const { method, headers, body } = request;
    this.requests.push({ method, path, authorization: headers.authorization, body, status: reply.status });
    this.#events.emit("answer");
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
    // The header is only the token, because the real backend does not use "Bearer".
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
