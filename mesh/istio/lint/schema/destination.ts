import { message, string, uint32 } from "./types.ts";

export const portSelector = message({ number: uint32 });

export const destination = message({ host: string, subset: string, port: portSelector });
