import "reflect-metadata";
import { Module } from "@nestjs/common";
import { ClientsModule, Transport } from "@nestjs/microservices";
import { bootstrap } from "../common/bootstrap.ts";
import { EventsService } from "../common/events.service.ts";
import { loader, protoPath } from "../common/proto.ts";
import { PayController } from "./pay.controller.ts";
import { PayService } from "./pay.service.ts";
import { PrismaService } from "./prisma.service.ts";
import { PRODUCT_PACKAGE, ProductClient } from "./product.client.ts";

const product = {
  name: PRODUCT_PACKAGE,
  transport: Transport.GRPC,
  options: {
    package: "mall.product.v1",
    protoPath: protoPath("mall/product/v1/product"),
    loader,
    url: process.env["PRODUCT_URL"] ?? "product.mall:50051",
  },
} as const;

@Module({
  imports: [ClientsModule.register([product])],
  controllers: [PayController],
  providers: [PrismaService, EventsService, ProductClient, PayService],
})
class PayModule {}

await bootstrap(PayModule, { package: "mall.pay.v1", protoPath: protoPath("mall/pay/v1/pay") });
