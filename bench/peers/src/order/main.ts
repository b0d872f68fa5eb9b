import "reflect-metadata";
import { Module } from "@nestjs/common";
import { bootstrap } from "../common/bootstrap.ts";
import { EventsService } from "../common/events.service.ts";
import { protoPath } from "../common/proto.ts";
import { OrderController } from "./order.controller.ts";
import { OrderService } from "./order.service.ts";
import { PrismaService } from "./prisma.service.ts";

@Module({ controllers: [OrderController], providers: [PrismaService, EventsService, OrderService] })
class OrderModule {}

await bootstrap(OrderModule, { package: "mall.order.v1", protoPath: protoPath("mall/order/v1/order") });
