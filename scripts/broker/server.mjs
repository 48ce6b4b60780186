import { access, mkdir, readdir, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { messageOf, run } from "./command.mjs";
import { archiveVersions } from "./debian.mjs";

/** @typedef {{ kind: "installed", version: string, home: string, path: string }} InstalledServer where its `sbin` is, and the PATH that has its Erlang */
/** @typedef {{ kind: "image", image: string }} ServerImage */

/**
 * The RabbitMQ to start: without a version the installed one (of any version), else Debian's package if root, else a
 * docker image; with one the installed one if it is of that version, else the unpacked one (unpacked first if need be),
 * else a docker image.
 * @param {string | undefined} version
 * @returns {Promise<InstalledServer | ServerImage>}
 * @throws RangeError for a version that is not known; Error with the code NO_BROKER that says what was tried
 */
export async function findServer(version) {
  if (version !== undefined && !archiveVersions.includes(version))
    throw new RangeError(`RabbitMQ ${version} is not known here, only ${archiveVersions.join(", ")}`);
  const installed = await installedServer(version);
  if (installed) return installed;
  const missing = [`no RabbitMQ${version ? ` ${version}` : ""} is installed`];
  for (const source of [debianServer, dockerImage]) {
    try {
      return await source(version);
    } catch (error) {
      missing.push(messageOf(error));
    }
  }
  throw Object.assign(new Error(`No RabbitMQ to start: ${missing.join("; ")}`), { code: "NO_BROKER" });
}

/**
 * @param {string} [version]
 * @returns {Promise<InstalledServer | undefined>}
 */
async function installedServer(version) {
  const searched = process.env.PATH ?? "";
  const folders = await versionFolders("/");
  for (const folder of searched.split(delimiter)) {
    const program = await realpath(join(folder, "rabbitmq-server")).catch(() => undefined);
    if (program) folders.push(join(program, "../.."));
  }
  for (const home of folders) {
    const found = await versionOf(home);
    if (found && (version === undefined || found.startsWith(`${version}.`)))
      return { kind: "installed", version: found, home, path: searched };
  }
  return undefined;
}

/**
 * @param {string | undefined} version
 * @returns {Promise<InstalledServer>}
 */
async function debianServer(version) {
  if (process.platform !== "linux" || !(await answers("apt-get", "--version"))) throw new Error("apt is not here");
  if (version === undefined && process.getuid?.() !== 0)
    throw new Error("not root, so Debian's package was not installed");
  if (version !== undefined && process.arch !== "x64") throw new Error("Debian's packages are unpacked on x86-64 only");
  const cache = resolve(process.env.MCAI_BROKER_CACHE || join(homedir(), ".cache", "mcai-worker-sdk"));
  const find = () => (version === undefined ? installedServer() : unpackedServer(cache, version));
  const found = await find();
  if (found) return found;
  await mkdir(cache, { recursive: true });
  // The kernel releases the lock however its holder ends.
  const lock = ["--close", join(cache, "lock"), process.execPath, join(import.meta.dirname, "fetch.mjs")];
  await run("flock", [...lock, cache, ...(version === undefined ? [] : [version])]);
  const fetched = await find();
  if (!fetched) throw new Error("Debian's package was fetched, but holds no server");
  return fetched;
}

/**
 * A version in the cache; undefined if it does not have it.
 * @param {string} cache
 * @param {string} version
 * @returns {Promise<InstalledServer | undefined>}
 */
export async function unpackedServer(cache, version) {
  const root = join(cache, version);
  const [home] = await versionFolders(root);
  const found = home && (await versionOf(home));
  if (!found) return undefined;
  const path = [join(root, "usr/lib/erlang/bin"), "/usr/bin", "/bin"].join(delimiter);
  return { kind: "installed", version: found, home, path };
}

/** @returns {Promise<ServerImage>} */
async function dockerImage(version = "3.10") {
  if (!(await answers("docker", "version"))) throw new Error("no docker engine answers");
  return { kind: "image", image: `rabbitmq:${version}` };
}

/** @param {string} root */
async function versionFolders(root) {
  const parent = join(root, "usr/lib/rabbitmq/lib");
  const names = await readdir(parent).catch(() => /** @type {string[]} */ ([]));
  return names.filter((name) => name.startsWith("rabbitmq_server-")).map((name) => join(parent, name));
}

// The server itself is a plug-in among the others: plugins/rabbit-4.0.5, or with .ez.
/** @param {string} home */
async function versionOf(home) {
  try {
    await access(join(home, "sbin/rabbitmq-server"));
    const plugins = await readdir(join(home, "plugins"));
    return plugins.map((name) => /^rabbit-(\d[\d.]*\d)(\.ez)?$/.exec(name)?.[1]).find((found) => found);
  } catch {
    return undefined;
  }
}

/** @type {(file: string, ...args: string[]) => Promise<boolean>} */
const answers = (file, ...args) =>
  run(file, args, { quiet: true }).then(
    () => true,
    () => false,
  );
