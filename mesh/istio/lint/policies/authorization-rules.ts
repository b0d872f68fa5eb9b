import type { Contracts } from "../contracts.ts";
import type { Operation } from "../kinds/authorization-policy/schema.ts";
import type { Place } from "../place.ts";
import { isMethodPath } from "../routes.ts";
import type { Context } from "./context.ts";
import { unknownPath } from "./matches.ts";

/** Rules of AuthorizationPolicies that match nothing (M034) or a method that does not exist (M008). */
export function checkAuthorizationRules({ world }: Context): void {
  for (const { spec, place } of world.resources.AuthorizationPolicy) {
    spec.rules?.forEach(({ to }, ruleIndex) => {
      to?.forEach(({ operation }, index) => {
        if (operation)
          checkOperation(operation, place.in("rules", ruleIndex, "to", index, "operation"), world.contracts);
      });
    });
  }
}

function checkOperation(operation: Operation, place: Place, contracts: Contracts): void {
  for (const field of ["paths", "notPaths"] as const) {
    operation[field]?.forEach((path, index) => {
      checkPath(path, place.in(field, index), contracts);
    });
  }
  const methods = operation.methods ?? [];
  const grpc = operation.paths?.length && operation.paths.every(isMethodPath);
  methods.forEach((method, index) => {
    const at = place.in("methods", index);
    if (method !== method.toUpperCase()) {
      at.find("M034", `methods are in upper case, so "${method}" never matches`, `write ${method.toUpperCase()}`);
    } else if (grpc && method !== "POST" && method !== "*") {
      at.find("M034", `gRPC always uses POST, so ${method} never matches these paths`, "write POST, or remove methods");
    }
  });
}

function checkPath(path: string, place: Place, contracts: Contracts): void {
  if (!path.startsWith("/") && !path.startsWith("*") && !path.startsWith("{")) {
    place.find("M034", `every path starts with a slash, so "${path}" never matches`, `write /${path}`);
    return;
  }
  if (path.slice(1, -1).includes("*") && !path.includes("{")) {
    const message = `* counts only at the start or the end, so "${path}" is compared letter by letter`;
    const template = path.replaceAll(/(?<=\/)\*(?=\/|$)/g, "{*}");
    const hint = template.includes("{")
      ? `write ${template}`
      : "write the whole path, or its beginning and * at the end";
    place.find("M034", message, hint);
    return;
  }
  const prefix = path.endsWith("*");
  const plain = prefix ? path.slice(0, -1) : path;
  if (!isMethodPath(plain) || plain.includes("{")) return;
  const hint = unknownPath(plain, prefix ? "prefix" : "exact", contracts);
  if (hint) place.find("M008", `no contract has ${path}, so the rule never applies`, hint);
}
