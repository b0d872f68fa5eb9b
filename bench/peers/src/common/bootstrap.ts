import { StandardSchemaValidationPipe, type Type } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { type GrpcOptions, Transport } from "@nestjs/microservices";
import { LoggingInterceptor } from "./logging.interceptor.ts";
import { loader } from "./proto.ts";
import { invalidArgument } from "./refusal.ts";
import { AllExceptionsFilter } from "./rpc-exception.filter.ts";

/** Runs one microservice until SIGTERM. @param contract its package and its file */
export async function bootstrap(module: Type, contract: { package: string; protoPath: string }): Promise<void> {
  const app = await NestFactory.createMicroservice<GrpcOptions>(module, {
    transport: Transport.GRPC,
    options: { ...contract, loader, url: process.env["LISTEN"] ?? "0.0.0.0:50051", gracefulShutdown: true },
    logger: ["warn", "error", "fatal"],
  });
  app.useGlobalInterceptors(new LoggingInterceptor());
  app.useGlobalFilters(new AllExceptionsFilter());
  app.useGlobalPipes(
    new StandardSchemaValidationPipe({
      exceptionFactory: (issues) =>
        invalidArgument(issues.map(({ path = [], message }) => `${path.join(".")}: ${message}`).join("; ")),
    }),
  );
  app.enableShutdownHooks();
  await app.listen();
}
