import { Controller, Inject } from "@nestjs/common";
import { GrpcMethod, Payload } from "@nestjs/microservices";
import { z } from "zod";
import { id, requestId } from "../common/schemas.ts";
import { type PayMessage, PayService } from "./pay.service.ts";

const checkPaySchema = z.object({ payId: id, requestId });

@Controller()
export class PayController {
  constructor(@Inject(PayService) private readonly pays: PayService) {}

  @GrpcMethod("PayService", "CheckPay")
  checkPay(@Payload({ schema: checkPaySchema }) request: z.infer<typeof checkPaySchema>): Promise<PayMessage> {
    return this.pays.check(request);
  }
}
