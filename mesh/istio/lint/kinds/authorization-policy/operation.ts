import type { Place } from "../../place.ts";
import type { Operation } from "./schema.ts";
import { refuseEmpty } from "./source.ts";

const fields = ["hosts", "notHosts", "methods", "notMethods", "paths", "notPaths", "ports", "notPorts"] as const;

export function validateOperation(operation: Operation, place: Place): void {
  if (fields.every((field) => !operation[field]?.length)) {
    place.refuse("the operation is empty", "write paths, methods, hosts or ports, or remove to to match any operation");
  }
  for (const field of fields) refuseEmpty(operation[field], place.in(field));
  for (const field of ["ports", "notPorts"] as const) checkPorts(operation[field], place.in(field));
  for (const field of ["paths", "notPaths"] as const) checkPaths(operation[field] ?? [], place.in(field));
}

export function checkPorts(ports: string[] | undefined, place: Place): void {
  ports?.forEach((port, index) => {
    if (port !== "" && (!/^\d+$/.test(port) || Number(port) > 65_535)) {
      place.in(index).refuse(`"${port}" is no port`, 'write the number of a port in quotes, such as "50051"');
    }
  });
}

const one = "{*}";
const rest = "{**}";
const literal = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/;

/** Paths may be templates: {*} stands for one segment, {**} for all that follow. */
function checkPaths(paths: readonly string[], place: Place): void {
  paths.forEach((path, index) => {
    const problem = pathProblem(path);
    if (problem)
      place.in(index).refuse(`the path "${path}" ${problem}`, "write whole segments: {*} for one, {**} at the end");
  });
}

function pathProblem(path: string): string | undefined {
  const template = path.includes(one) || path.includes(rest);
  let ended = false;
  for (const segment of path.replace(/^\/+|\/+$/g, "").split("/")) {
    const wildcard = segment === one || segment === rest;
    if (wildcard && ended) return "has something behind {**}";
    if (segment === rest) ended = true;
    if (wildcard) continue;
    if (/[{}]/.test(segment)) return "has braces that are neither {*} nor {**}";
    if (template && !literal.test(segment)) return `has the segment "${segment}", which a template cannot hold`;
  }
  return undefined;
}
