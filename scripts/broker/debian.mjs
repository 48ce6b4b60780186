import { chmod, lstat, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { messageOf, run } from "./command.mjs";

// The suites that carry a version, the one that will keep it longest first.
/** @type {Readonly<Record<string, readonly string[]>>} */
const suitesOf = { "3.10": ["bookworm"], "4.0": ["trixie"], 4.3: ["forky", "sid"] };

/** The versions of RabbitMQ that Debian's archive has. */
export const archiveVersions = Object.keys(suitesOf);

/** Installs the distribution's own package, as root, and starts no system-wide broker. */
export async function installPackage() {
  // Debian's way to say that an installation must not start what it installed.
  const policy = "/usr/sbin/policy-rc.d";
  const ours = await writeFile(policy, "#!/bin/sh\nexit 101\n", { flag: "wx", mode: 0o755 }).then(
    () => true,
    () => false,
  );
  /** @param {string[]} args */
  const apt = (...args) =>
    run("apt-get", ["-q", "-y", "-o", "DPkg::Lock::Timeout=300", ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  try {
    await apt("update");
    await apt("install", "--no-install-recommends", "rabbitmq-server");
  } finally {
    if (ours) await rm(policy);
  }
}

/**
 * Unpacks a version into a folder, with Erlang and the libraries of its suite, C library included, so that it runs on
 * another release and needs no root. apt checks the archive's signature; the machine's apt and packages stay as they are.
 * @param {string} version
 * @param {string} folder
 */
export async function unpackPackage(version, folder) {
  const work = `${folder}.part`;
  const root = join(work, "root");
  await rm(work, { recursive: true, force: true });
  for (const part of ["debs", "root", "lists/partial", "archives/partial"])
    await mkdir(join(work, part), { recursive: true });
  await downloadPackages(version, work);
  for (const deb of await readdir(join(work, "debs")))
    await run("dpkg-deb", ["--extract", join(work, "debs", deb), root]);
  for (const unused of ["etc", "var", "usr/share", "usr/include"])
    await rm(join(root, unused), { recursive: true, force: true });
  await useOwnLibraries(root);
  await rm(folder, { recursive: true, force: true });
  await rename(root, folder);
  await rm(work, { recursive: true });
}

/**
 * @param {string} version
 * @param {string} work
 */
async function downloadPackages(version, work) {
  const apt = await ownApt(work);
  /** @type {string[]} */
  const tried = [];
  for (const suite of suitesOf[version] ?? []) {
    for (const archive of await archives()) {
      await writeFile(join(work, "sources.list"), `deb [signed-by=${keyring}] ${archive} ${suite} main\n`);
      try {
        await run("apt-get", [...apt, "update"], { quiet: true });
      } catch (error) {
        tried.push(`${suite}: ${messageOf(error)}`);
        continue;
      }
      const plan = await run("apt-get", [...apt, "--simulate", "install", "rabbitmq-server"], { quiet: true });
      const packages = [...plan.matchAll(/^Inst (\S+) \((\S+)/gm)].map(([, name = "", offered = ""]) => ({
        name,
        offered,
      }));
      const offered = packages.find(({ name }) => name === "rabbitmq-server")?.offered ?? "none";
      if (offered.startsWith(`${version}.`)) {
        const names = packages.map(({ name }) => name).filter(isNeeded);
        await run("apt-get", [...apt, "download", ...names], { cwd: join(work, "debs"), quiet: true });
        return;
      }
      tried.push(`${suite}: its rabbitmq-server is ${offered}`);
    }
  }
  throw new Error(`Debian's archive gave no RabbitMQ ${version}; ${tried.join("; ") || "apt names no archive"}`);
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

// Of what the package depends on, a private node needs Erlang and the C libraries below it: no users, log rotation…
/** @param {string} name */
function isNeeded(name) {
  return /^(rabbitmq-server$|erlang-|zlib1g$|lib(?!pam|perl|python|sem))/.test(name);
}

// The options by which apt works in a folder of its own, as on a machine with nothing installed.
/** @param {string} work */
async function ownApt(work) {
  const file = join(work, "apt.conf");
  await writeFile(join(work, "status"), "");
  await writeFile(
    file,
    `Dir::State "${work}"; Dir::State::Lists "${work}/lists"; Dir::State::status "${work}/status";
Dir::Cache "${work}"; Dir::Etc::SourceList "${work}/sources.list"; Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null"; Dir::Etc::PreferencesParts "/dev/null"; APT::Default-Release "";
APT::Install-Recommends "false"; APT::Architecture "amd64"; APT::Sandbox::User "root";
APT::Update::Error-Mode "any"; Acquire::Languages "none"; Acquire::Retries "3";
#clear APT::Architectures; #clear APT::Update::Post-Invoke; #clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::DEP-11; #clear Acquire::IndexTargets::deb::CNF;
`,
  );
  return ["-q", "-c", file];
}

// The archives of the machine's own apt sources. One that is not Debian's fails the check of its signature.
async function archives() {
  const targets = await run("apt-get", [
    "indextargets",
    "--no-release-info",
    "--format",
    "$(REPO_URI) $(COMPONENT)",
    "Created-By: Packages",
  ]);
  const lines = targets.split("\n").filter((line) => line.endsWith(" main") && !line.includes("-security"));
  return [...new Set(lines.map((line) => line.split(" ")[0] ?? ""))];
}

/**
 * The unpacked programs need the C library that was unpacked with them: each gets a script that starts it with the loader
 * of that library. All find their files relative to themselves, so that the folder may be moved.
 * @param {string} root
 */
async function useOwnLibraries(root) {
  /** @type {string[]} */
  const libraries = [];
  for (const path of ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"])
    if (await isFolder(join(root, path))) libraries.push(path);
  const loader = await firstWith(root, libraries, "ld-linux-x86-64.so.2");
  const libraryPath = libraries.map((path) => `$root/${path}`).join(":");
  const erlang = join(root, "usr/lib/erlang");
  for (const entry of await readdir(erlang, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || entry.name.endsWith(".so") || !(await isProgram(file))) continue;
    await rename(file, `${file}.elf`);
    await writeFile(
      file,
      `#!/bin/sh
root=\${0%/usr/lib/erlang/*}
exec "$root/${loader}" --argv0 "$0" --library-path "${libraryPath}" "$root/${relative(root, file)}.elf" "$@"
`,
    );
    await chmod(file, 0o755);
  }
  const erl = join(erlang, "bin/erl");
  const script = await readFile(erl, "utf8");
  await writeFile(erl, script.replaceAll("ROOTDIR=/usr/lib/erlang", "ROOTDIR=$" + "{0%/bin/erl}"));
}

/**
 * @param {string} root
 * @param {readonly string[]} folders
 * @param {string} name
 */
async function firstWith(root, folders, name) {
  for (const folder of folders) if ((await readdir(join(root, folder))).includes(name)) return `${folder}/${name}`;
  throw new Error(`the unpacked packages hold no ${name}`);
}

/** @param {string} path */
const isFolder = (path) =>
  lstat(path).then(
    (stat) => stat.isDirectory(),
    () => false,
  );

/** @param {string} file */
async function isProgram(file) {
  const { mode } = await lstat(file);
  if ((mode & 0o111) === 0) return false;
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.equals(Buffer.from("\x7fELF"));
  } finally {
    await handle.close();
  }
}
