import { startBroker } from "../broker.mjs";

/** @typedef {import("../broker.mjs").Broker} Broker */

/**
 * Starts a private RabbitMQ cluster on the loopback and resolves when its nodes know each other. It ends as a single
 * broker does. Installed and unpacked servers only, no docker images.
 * @param {Omit<import("../broker.mjs").BrokerOptions, "joins"> & { size?: number }} [options] `size`: how many nodes.
 *   Default: 3
 * @returns {Promise<{ nodes: Broker[], stop: () => Promise<void> }>}
 * @throws RangeError and Error as `startBroker`
 * @example
 * const cluster = await startCluster({ config: { cluster_partition_handling: "pause_minority" } });
 * await cluster.nodes[0].kill();
 * await cluster.stop();
 */
export async function startCluster({ size = 3, ...options } = {}) {
  /** @type {Broker[]} */
  const nodes = [];
  // The first node stops last: it has what the others use.
  const stop = async () => {
    for (const node of nodes.toReversed()) await node.stop();
  };
  try {
    while (nodes.length < size) nodes.push(await startBroker({ ...options, joins: nodes[0] }));
    return { nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
