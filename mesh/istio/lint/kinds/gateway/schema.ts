import { port } from "../../schema/port.ts";
import { serverTls } from "../../schema/server-tls.ts";
import { type Infer, list, map, message, string } from "../../schema/types.ts";

const server = message({
  port,
  bind: string,
  hosts: list(string),
  tls: serverTls,
  defaultEndpoint: string,
  name: string,
});

export const schema = message({ servers: list(server), selector: map(string) });

export type Gateway = Infer<typeof schema>;
export type Server = Infer<typeof server>;
