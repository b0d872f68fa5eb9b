import "reflect-metadata";
import { Module } from "@nestjs/common";
import { bootstrap } from "../common/bootstrap.ts";
import { EventsService } from "../common/events.service.ts";
import { protoPath } from "../common/proto.ts";
import { PrismaService } from "./prisma.service.ts";
import { ProductController } from "./product.controller.ts";
import { ProductService } from "./product.service.ts";

@Module({ controllers: [ProductController], providers: [PrismaService, EventsService, ProductService] })
class ProductModule {}

await bootstrap(ProductModule, { package: "mall.product.v1", protoPath: protoPath("mall/product/v1/product") });
