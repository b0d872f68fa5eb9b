import { Service, type ServiceOptions } from "./service.ts";

/**
 * Runs a service until SIGTERM or SIGINT; then drains and exits 0. An error that nobody caught ends the process with 1, because its state can no longer be
 * trusted: it is supervised, and started again.
 */
export async function serve<Store>(options: ServiceOptions<Store>): Promise<void> {
  const service = await Service.listen(options);
  const { log, settings } = service;
  const end = (code: number) => {
    log.flush(() => process.exit(code));
  };
  const stop = () => {
    // Behind everything that drains: whatever hangs, the process ends.
    setTimeout(() => end(1), settings.graceMs + hardStopMs).unref();
    service.stop().then(
      () => end(0),
      (error: unknown) => {
        log.error({ err: error }, "cannot stop cleanly");
        end(1);
      },
    );
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, "uncaught");
      end(1);
    });
  }
  await service.start();
}

const hardStopMs = 10_000;
