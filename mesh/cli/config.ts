import { type Command, Option } from "commander";
import { isRecord } from "#mesh/istio/kube-object.ts";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import { ask, enterRepository, meshCommand, refusing, type StateOption } from "./running-mesh.ts";

interface ConfigOptions extends StateOption {
  readonly kind?: keyof typeof kinds;
  readonly name?: string;
  readonly list?: boolean;
  readonly path?: string;
}

/** Where Envoy's configuration dump keeps each kind, by the names of its lists. */
const kinds = {
  listeners: ["dynamic_listeners", "static_listeners"],
  clusters: ["dynamic_active_clusters", "dynamic_warming_clusters", "static_clusters"],
  routes: ["dynamic_route_configs", "static_route_configs"],
  endpoints: ["dynamic_endpoint_configs", "static_endpoint_configs"],
  secrets: ["dynamic_active_secrets", "dynamic_warming_secrets", "static_secrets"],
} as const;

/** `mesh config`: what Envoy runs at this moment, out of its own mouth. */
export function command(): Command {
  return meshCommand("config", "print what Envoy runs, from its configuration dump")
    .addOption(new Option("--kind <kind>", "only this kind").choices(Object.keys(kinds)))
    .option("--name <text>", "only what has this text in its name, such as siren/order's replica or product.siren")
    .option("--list", "names only")
    .option("--path <path>", "another page of Envoy's admin interface as it is, such as /stats?filter=product")
    .action(refusing((options: ConfigOptions) => config(options)));
}

interface Page {
  readonly status: number;
  readonly body: string;
}

async function config(options: ConfigOptions): Promise<void> {
  const state = enterRepository(options);
  const path = options.path ?? "/config_dump?include_eds=on";
  const page = await ask<Page>(state, "GET", `/envoy?path=${encodeURIComponent(path)}`);
  if (page.status !== 200) throw new Refusal(`Envoy answers ${page.status} to ${path}: ${page.body.slice(0, 200)}`);
  if (options.path) return void process.stdout.write(page.body.endsWith("\n") ? page.body : `${page.body}\n`);
  const found = resourcesOf(JSON.parse(page.body), options);
  if (options.list) for (const { kind, name } of found) process.stdout.write(`${kind} ${name}\n`);
  else
    process.stdout.write(
      `${JSON.stringify(
        found.map(({ resource }) => resource),
        null,
        2,
      )}\n`,
    );
}

interface Resource {
  readonly kind: string;
  readonly name: string;
  readonly resource: unknown;
}

function resourcesOf(dump: unknown, options: ConfigOptions): Resource[] {
  const sections = isRecord(dump) && Array.isArray(dump["configs"]) ? dump["configs"].filter(isRecord) : [];
  const wanted = options.kind ? { [options.kind]: kinds[options.kind] } : kinds;
  return Object.entries(wanted)
    .flatMap(([kind, lists]) => lists.flatMap((list) => sections.flatMap((section) => itemsOf(section[list], kind))))
    .filter(({ name }) => !options.name || name.includes(options.name));
}

function itemsOf(list: unknown, kind: string): Resource[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).map((item) => {
    const name = nameIn(item);
    return { kind, name, resource: item };
  });
}

/** A resource's name stands at different depths: beside the resource, in it, or as cluster_name of endpoints. */
function nameIn(item: Record<string, unknown>): string {
  for (const key of ["name", "cluster_name"]) if (typeof item[key] === "string") return item[key];
  for (const value of Object.values(item)) {
    if (!isRecord(value)) continue;
    const name = nameIn(value);
    if (name !== "") return name;
  }
  return "";
}
