import type { Socket } from "node:net";

/** The longest time to wait for the broker's answer. */
const maxWaitMs = 10_000;

// Connection methods of AMQP 0-9-1.
const connectionClass = 10;
const methods = { start: 10, startOk: 11, tune: 30, tuneOk: 31, open: 40, close: 50 } as const;
const frameHeaderBytes = 7;
const frameEnd = 0xce;

/** How to log in, and where. */
export interface Login {
  readonly mechanism: string;
  response(): Buffer;
}

/** Why the broker closed a connection. */
export interface Refusal {
  readonly code: number;
  readonly text: string;
}

/**
 * Opens a connection once more, only to read why the broker closes it. Whether a virtual host does not exist or has too
 * many connections stands in the broker's answer to the last step of the handshake, which amqplib does not pass on.
 *
 * @param connect - Opens a socket to the broker.
 * @returns Undefined if the broker accepts the connection this time, or does not answer.
 */
export async function askRefusal(
  connect: () => Socket,
  login: Login,
  virtualHost: string,
): Promise<Refusal | undefined> {
  const socket = connect();
  try {
    return await new Promise<Refusal | undefined>((resolve) => {
      socket.setTimeout(maxWaitMs, () => resolve(undefined));
      socket.on("error", () => resolve(undefined));
      socket.on("close", () => resolve(undefined));
      let received = Buffer.alloc(0);
      const take = (payload: Buffer) => {
        const method = payload.readUInt16BE(2);
        if (method === methods.start) socket.write(startOk(login));
        else if (method === methods.tune) socket.write(Buffer.concat([tuneOk(payload), open(virtualHost)]));
        else resolve(method === methods.close ? readClose(payload) : undefined);
      };
      socket.on("data", (bytes: Buffer) => {
        received = Buffer.concat([received, bytes]);
        try {
          for (let payload = takeFrame(received); payload; payload = takeFrame(received)) {
            received = received.subarray(frameHeaderBytes + payload.length + 1);
            take(payload);
          }
        } catch {
          // It is not AMQP.
          resolve(undefined);
        }
      });
      socket.write("AMQP\0\0\x09\x01", "latin1");
    });
  } finally {
    socket.destroy();
  }
}

function takeFrame(bytes: Buffer): Buffer | undefined {
  if (bytes.length < frameHeaderBytes) return undefined;
  const end = frameHeaderBytes + bytes.readUInt32BE(3);
  return bytes.length > end ? bytes.subarray(frameHeaderBytes, end) : undefined;
}

function readClose(payload: Buffer): Refusal {
  const start = 7;
  return { code: payload.readUInt16BE(4), text: payload.toString("utf8", start, start + (payload[6] ?? 0)) };
}

function startOk({ mechanism, response }: Login): Buffer {
  const answer = response();
  return frame(methods.startOk, integer(0, 4), short(mechanism), integer(answer.length, 4), answer, short("en_US"));
}

// Accepts what the broker proposes, which the answer repeats byte for byte.
function tuneOk(tune: Buffer): Buffer {
  return frame(methods.tuneOk, tune.subarray(4, 12));
}

function open(virtualHost: string): Buffer {
  return frame(methods.open, short(virtualHost), short(""), integer(0, 1));
}

function frame(method: number, ...parts: Buffer[]): Buffer {
  const payload = Buffer.concat([integer(connectionClass, 2), integer(method, 2), ...parts]);
  return Buffer.concat([integer(1, 1), integer(0, 2), integer(payload.length, 4), payload, integer(frameEnd, 1)]);
}

function integer(value: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeUIntBE(value, 0, sizeBytes);
  return bytes;
}

function short(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([integer(bytes.length, 1), bytes]);
}
