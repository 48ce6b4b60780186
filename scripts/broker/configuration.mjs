import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeCertificates } from "./certificates.mjs";

/**
 * What a node is configured with.
 * @typedef {object} NodeOptions
 * @property {boolean} tls
 * @property {boolean} management
 * @property {readonly string[]} plugins
 * @property {Readonly<Record<string, string | number | boolean>>} config
 */

/**
 * Writes what a node reads at its start into its folder: rabbitmq.conf, the plug-ins, certificates if it has TLS, and
 * empty files instead of those of the machine.
 * @param {string} folder
 * @param {import("./ports.mjs").Ports} ports
 * @param {NodeOptions & { address: string }} options
 */
export async function writeConfiguration(folder, ports, { address, tls, management, plugins, config }) {
  for (const name of ["data", "log", "schema", "conf.d", "tls"]) await mkdir(join(folder, name));
  /** @type {Record<string, string | number | boolean>} */
  const settings = { "listeners.tcp.1": `${address}:${ports.amqp}` };
  let caFile;
  if (tls) {
    const certificates = await makeCertificates(join(folder, "tls"));
    caFile = certificates.caFile;
    Object.assign(settings, {
      "listeners.ssl.1": `${address}:${ports.tls}`,
      "ssl_options.cacertfile": caFile,
      "ssl_options.certfile": certificates.certFile,
      "ssl_options.keyfile": certificates.keyFile,
      "ssl_options.verify": "verify_none",
      "ssl_options.fail_if_no_peer_cert": "false",
    });
  }
  if (management) Object.assign(settings, { "management.tcp.ip": address, "management.tcp.port": ports.management });
  // Users may come from outside a container's own loopback, and nothing listens on more than the machine's.
  Object.assign(settings, { "loopback_users.guest": "false", ...config });
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
  await writeFile(join(folder, "rabbitmq.conf"), lines.join(""));
  await writeFile(
    join(folder, "enabled_plugins"),
    `[${[...(management ? ["rabbitmq_management"] : []), ...plugins]}].\n`,
  );
  await writeFile(join(folder, "advanced.config"), "[].\n");
  await writeFile(join(folder, "environment.conf"), "");
  return {
    caFile,
    environment: {
      RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
      RABBITMQ_CONFIG_FILES: join(folder, "conf.d"),
      RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, "advanced.config"),
      RABBITMQ_CONF_ENV_FILE: join(folder, "environment.conf"),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    },
  };
}
