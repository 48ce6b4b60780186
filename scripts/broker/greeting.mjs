import { connect } from "node:net";

// What a client says first, and the frame that a broker which is ready answers with: method 10.10, Connection.Start.
const protocolHeader = Buffer.from("AMQP\x00\x00\x09\x01", "latin1");
const connectionStart = Buffer.from([0, 10, 0, 10]);
const frameHeaderBytes = 7;

/**
 * The version in a broker's greeting; undefined if nothing on the port answers AMQP within two seconds.
 * @param {number} port
 */
export async function greetedVersion(port) {
  const frame = await firstFrame(port);
  if (!frame?.subarray(frameHeaderBytes, frameHeaderBytes + 4).equals(connectionStart)) return undefined;
  // In the table of server properties: the key as a short string, the value as "S" and a long string.
  const key = Buffer.from("\x07versionS", "latin1");
  const start = frame.indexOf(key) + key.length;
  if (start < key.length) return undefined;
  return frame.toString("utf8", start + 4, start + 4 + frame.readUInt32BE(start));
}

/**
 * Does anything listen on this port of the loopback?
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export async function listens(port) {
  const socket = connect(port, "127.0.0.1");
  try {
    return await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}

/** @param {number} port */
async function firstFrame(port) {
  const socket = connect(port, "127.0.0.1");
  socket.setTimeout(2000, () => socket.destroy());
  socket.write(protocolHeader);
  let received = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk]);
      if (received.length >= frameHeaderBytes && received.length >= frameHeaderBytes + received.readUInt32BE(3) + 1)
        return received;
    }
  } catch {
    // Refused or reset: not ready.
  } finally {
    socket.destroy();
  }
  return undefined;
}
