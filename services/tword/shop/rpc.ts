import { EquipmentRegistered } from "#gen/proto/tword/shop/v1/events.ts";
import type { Equipment as EquipmentMessage, ShopServiceService } from "#gen/proto/tword/shop/v1/shop.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import type { Equipment } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { ShopStore } from "./store.ts";

const equipmentRegistered = event("tword.shop.v1.EquipmentRegistered", EquipmentRegistered);

export interface Parts {
  readonly database: Database<ShopStore>;
}

export function rpc({ database }: Parts): Handlers<typeof ShopServiceService> {
  return {
    async createEquipment(request, call) {
      const registration = present(request.equipment);
      const { shopId, eqpSernum } = registration;
      return database.answer(call, async (tx) => {
        const phone = await tx.store.register(registration);
        if (!phone) throw refuse.EQUIPMENT_ALREADY_REGISTERED({ eqpSernum, shopId });
        call.correlate(phone.id);
        tx.publish(equipmentRegistered, phone, { aggregateId: phone.id, aggregateVersion: 1n });
        return toMessage(phone);
      });
    },

    async getEquipment({ id }) {
      const phone = await database.store.find(id);
      if (!phone) throw refuse.EQUIPMENT_NOT_FOUND({ id });
      return toMessage(phone);
    },

    async listEquipments(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.shopId, request.eqpNm, request.eqpStatus] },
        (before, size) => database.store.page(request, before, size),
        (phone) => phone.id,
      );
      return { equipments: rows.map(toMessage), nextPageToken };
    },

    async listShops(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        {},
        (after, size) => database.store.pageShops(after, size),
        (shop) => shop.shopId,
      );
      return { shops: rows, nextPageToken };
    },

    async listShopOrders(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.shopId, request.status] },
        (before, size) => database.store.pageOrders(request, before, size),
        (order) => order.orderId,
      );
      return { shopOrders: rows, nextPageToken };
    },
  };
}

function toMessage({ allocationSeq: _internal, ...phone }: Equipment): EquipmentMessage {
  return phone;
}
