import type { Context } from "#mesh/service/call.ts";
import { connectHttp } from "#mesh/service/http.ts";
import { paymentFailures, refuse } from "./errors.ts";

export interface Payment {
  /** Tokens to pay for. */
  readonly amount: bigint;
  /** The provider takes the money once for each, however often it is asked. */
  readonly key: string;
}

/** The payment provider. */
export interface Payments {
  /** @throws refusal PAYMENT_DECLINED, PAYMENT_PROVIDER_UNAVAILABLE */
  pay(payment: Payment, context: Context): Promise<void>;
}

/** @param url `http://host:port/path`: the own sidecar makes TLS of it where the DestinationRule says so */
export function httpPayments(url: string): Payments {
  const { hostname, port, pathname } = new URL(url);
  const http = connectHttp(`${hostname}:${port || 80}`, paymentFailures);
  return {
    async pay({ amount, key }, context) {
      const headers = { "content-type": "application/json", "idempotency-key": key };
      const body = JSON.stringify({ tokens: Number(amount) });
      const { status } = await http.fetch(pathname, { method: "POST", headers, body }, context);
      if (status === 402) throw refuse.PAYMENT_DECLINED();
      if (status !== 200) throw refuse.PAYMENT_PROVIDER_UNAVAILABLE();
    },
  };
}
