import type { ResponseBodies, ResponseKind } from "../response/response.ts";
import type { Message } from "../transport/transport.ts";

/** A response of a worker, with its kind. */
export type TestResponse = {
  [Kind in ResponseKind]: { readonly kind: Kind; readonly body: ResponseBodies[Kind] };
}[ResponseKind];

interface Waiter {
  readonly kind: ResponseKind;
  readonly take: (response: TestResponse) => void;
}

/** The responses of a worker in order. Each can be awaited once. */
export class Inbox {
  readonly responses: TestResponse[] = [];
  readonly #untaken: TestResponse[] = [];
  readonly #waiters: Waiter[] = [];

  /** Adds a published message. */
  put({ routingKey, body }: Message): TestResponse {
    const response = { kind: routingKey, body: JSON.parse(Buffer.from(body).toString()) } as TestResponse;
    this.responses.push(response);
    const index = this.#waiters.findIndex(({ kind }) => kind === response.kind);
    if (index < 0) this.#untaken.push(response);
    else this.#waiters.splice(index, 1)[0]?.take(response);
    return response;
  }

  /** Removes and returns the next response of a kind; waits for it if there is none. */
  next<Kind extends ResponseKind>(kind: Kind, timeoutMs: number): Promise<ResponseBodies[Kind]> {
    const index = this.#untaken.findIndex((response) => response.kind === kind);
    if (index >= 0) return Promise.resolve(this.#untaken.splice(index, 1)[0]?.body as ResponseBodies[Kind]);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        kind,
        take: ({ body }) => {
          clearTimeout(timer);
          resolve(body as ResponseBodies[Kind]);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        const received = this.responses.map((response) => response.kind).join(", ") || "nothing";
        reject(new Error(`no ${kind} within ${timeoutMs} ms; responses so far: ${received}`));
      }, timeoutMs);
      this.#waiters.push(waiter);
    });
  }
}
