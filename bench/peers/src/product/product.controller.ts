import { Controller, Inject } from "@nestjs/common";
import { GrpcMethod, Payload } from "@nestjs/microservices";
import { type DecreaseQtyDto, decreaseQtySchema } from "./decrease-qty.dto.ts";
import { ProductService, type StockAnswer } from "./product.service.ts";

@Controller()
export class ProductController {
  constructor(@Inject(ProductService) private readonly products: ProductService) {}

  @GrpcMethod("ProductService", "DecreaseQty")
  decreaseQty(@Payload({ schema: decreaseQtySchema }) request: DecreaseQtyDto): Promise<StockAnswer> {
    return this.products.decreaseQty(request);
  }
}
