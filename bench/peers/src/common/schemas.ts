// What the contracts demand of single fields. proto-loader gives int64 as text.
import { z } from "zod";

/** An id of ours: above 0. */
export const id = z.string().refine((text) => BigInt(text) > 0n, "must be above 0");
/** Won; a client that sends none means whatever it costs. */
export const price = z.string().refine((text) => BigInt(text) >= 0n, "must not be below 0");
export const text = (max: number) => z.string().max(max);
export const requiredText = (max: number) => z.string().min(1).max(max);
/** AIP-155: optional. */
export const requestId = z.union([z.literal(""), z.uuidv4()]);
