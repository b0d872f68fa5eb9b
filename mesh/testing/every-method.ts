import { describe, expect, it } from "vitest";
import type { Rest } from "#mesh/local/rest.ts";
import type { GrpcCaller } from "./grpc-caller.ts";
import { expectByGrpc, expectByRest, type MethodCase } from "./method-case.ts";

export interface EveryMethod<World> {
  readonly cases: readonly MethodCase<World>[];
  /** How many methods of the system are not internal; each must have a success among the cases. */
  readonly methods: number;
  /** The enums of the system, whose values gRPC has as numbers. */
  readonly enums: Readonly<Record<string, number>>;
  /** What the cases are sent to, and what they find there, once the file's hooks have run. */
  running(): { readonly grpc: GrpcCaller; readonly rest: Rest; readonly world: World };
}

/** Tests every success and every refusal of a system's methods, by gRPC and, where REST can say it, by REST. */
export function everyMethod<World>({ cases, methods, enums, running }: EveryMethod<World>): void {
  describe("every method, with its success and its refusals", () => {
    it.each(cases)("$method.path $name, by gRPC", (each) => {
      const { grpc, world } = running();
      return expectByGrpc(grpc, each, world, enums);
    });

    it.each(cases.filter(({ rest }) => rest))("$method.path $name, by REST", (each) => {
      const { rest, world } = running();
      return expectByRest(rest, each, world);
    });

    it("leaves out none that is not internal", () => {
      const succeeding = cases.filter(({ code }) => code === "OK").map(({ method }) => method.path);
      expect(new Set(succeeding).size).toBe(methods);
    });
  });
}
