import { status } from "@grpc/grpc-js";
import { Catch, type RpcExceptionFilter } from "@nestjs/common";
import { RpcException } from "@nestjs/microservices";
import { type Observable, throwError } from "rxjs";

/** What is no refusal becomes INTERNAL without a word about why; the interceptor has logged it. */
@Catch()
export class AllExceptionsFilter implements RpcExceptionFilter {
  catch(exception: unknown): Observable<never> {
    if (exception instanceof RpcException) return throwError(() => exception.getError());
    return throwError(() => ({ code: status.INTERNAL, message: "internal error" }));
  }
}
