import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./command.mjs";

const configFile = "openssl.cnf";

/**
 * Makes a throwaway authority and a certificate for localhost in a folder: ca.pem, server.pem, server.key.
 * @param {string} folder
 */
export async function makeCertificates(folder) {
  await writeFile(
    join(folder, configFile),
    `[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[client]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`,
  );
  await openssl(
    folder,
    ...[...request("ca", "mcai test authority"), "-x509", "-days", "7", "-extensions", "authority", "-out", "ca.pem"],
  );
  return { caFile: join(folder, "ca.pem"), ...(await issueCertificate(folder, "server", "localhost")) };
}

/**
 * Makes a certificate of the authority in a folder: `<kind>.pem`, `<kind>.key`.
 * @param {string} folder has been through `makeCertificates`
 * @param {"server" | "client"} kind
 * @param {string} commonName
 */
export async function issueCertificate(folder, kind, commonName) {
  await openssl(folder, ...request(kind, commonName), "-out", `${kind}.csr`);
  await openssl(
    folder,
    ...["x509", "-req", "-in", `${kind}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "7"],
    ...["-extfile", configFile, "-extensions", kind, "-out", `${kind}.pem`],
  );
  return { certFile: join(folder, `${kind}.pem`), keyFile: join(folder, `${kind}.key`) };
}

/** @type {(folder: string, ...args: string[]) => Promise<unknown>} */
const openssl = (folder, ...args) => run("openssl", args, { cwd: folder, quiet: true });

/** @type {(name: string, subject: string) => string[]} */
const request = (name, subject) => [
  ...["req", "-new", "-config", configFile, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
  ...["-subj", `/CN=${subject}`, "-keyout", `${name}.key`],
];
