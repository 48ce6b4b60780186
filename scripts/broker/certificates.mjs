import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./command.mjs";

/**
 * Makes a throwaway authority and a certificate for localhost in a folder: ca.pem, server.pem, server.key.
 * @param {string} folder
 */
export async function makeCertificates(folder) {
  const config = join(folder, "openssl.cnf");
  await writeFile(
    config,
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
`,
  );
  /** @param {string[]} args */
  const openssl = (...args) => run("openssl", args, { cwd: folder, quiet: true });
  /** @type {(name: string, subject: string) => string[]} */
  const request = (name, subject) => [
    ...["req", "-new", "-config", config, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-subj", `/CN=${subject}`, "-keyout", `${name}.key`],
  ];
  await openssl(
    ...request("ca", "mcai test authority"),
    "-x509",
    "-days",
    "7",
    "-extensions",
    "authority",
    "-out",
    "ca.pem",
  );
  await openssl(...request("server", "localhost"), "-out", "server.csr");
  await openssl(
    ...["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "7"],
    ...["-extfile", config, "-extensions", "server", "-out", "server.pem"],
  );
  return { caFile: join(folder, "ca.pem"), certFile: join(folder, "server.pem"), keyFile: join(folder, "server.key") };
}
