/** Where the servers of a cluster's infrastructure namespaces are on this machine. */
export interface LocalServers {
  /** `postgres://user:password@127.0.0.1:port/<database>` */
  postgresUrl(database: string): string;
  readonly postgresPort: number;
  readonly natsPort: number;
}

const suffix = String.raw`(?:\.svc(?:\.cluster\.local)?)?`;
const postgresName = new RegExp(String.raw`(?<![\w.-])postgres\.postgres${suffix}:5432\b`, "g");
const natsName = new RegExp(String.raw`(?<![\w.-])nats\.nats${suffix}:4222\b`, "g");
const postgresUrl = new RegExp(
  String.raw`^postgres(?:ql)?://(?:[^@/]*@)?postgres\.postgres${suffix}(?::5432)?/([^?]*)(\?.*)?$`,
);
const otherClusterName = /[a-z0-9-]+\.[a-z0-9-]+\.svc(\.cluster\.local)?\b/;

/** The environment as it holds here: names of the cluster's PostgreSQL and NATS lead to the local ones. */
export function localizeEnvironment(
  env: Readonly<Record<string, string>>,
  servers: LocalServers,
): Record<string, string> {
  const local: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    // A collector that is not there would be asked in vain, again and again.
    if (name === "OTEL_EXPORTER_OTLP_ENDPOINT" && otherClusterName.test(value)) continue;
    local[name] = localizeValue(value, servers);
  }
  return local;
}

function localizeValue(value: string, servers: LocalServers): string {
  const url = postgresUrl.exec(value);
  if (url) return servers.postgresUrl(decodeURIComponent(url[1] ?? "")) + (url[2] ?? "");
  return value
    .replaceAll(postgresName, `127.0.0.1:${servers.postgresPort}`)
    .replaceAll(natsName, `127.0.0.1:${servers.natsPort}`);
}

/** The databases that an environment's URLs name. */
export function databasesOf(env: Readonly<Record<string, string>>): string[] {
  const names = Object.values(env).flatMap((value) => decodeURIComponent(postgresUrl.exec(value)?.[1] ?? ""));
  return [...new Set(names)].filter((name) => name !== "");
}
