import { MemberUpdated } from "#gen/proto/ktravel/member/v1/events.ts";
import type { MemberServiceService } from "#gen/proto/ktravel/member/v1/member.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { maskedFields } from "#mesh/service/update-mask.ts";
import { memberNamed } from "../domain.ts";
import { refuse } from "../errors.ts";
import type { Sealer } from "../sealer.ts";
import type { Member, MemberStore } from "../store.ts";
import { toOwn, toPublic } from "./to-message.ts";

export interface Parts {
  readonly database: Database<MemberStore>;
  readonly sealer: Sealer;
}

const memberUpdated = event("ktravel.member.v1.MemberUpdated", MemberUpdated);

export function memberRpc({ database, sealer }: Parts): Handlers<typeof MemberServiceService> {
  return {
    async getMember(request, { subject }) {
      const memberId = memberNamed(request.memberId, subject);
      const member = await known(database.store, memberId);
      return memberId === subject ? toOwn(member, sealer) : toPublic(member);
    },

    async updateMember(request, call) {
      const wanted = present(request.member);
      const memberId = memberNamed(wanted.memberId, call.subject);
      if (memberId !== call.subject) throw refuse.NOT_OWNER();
      const { nickname } = maskedFields(wanted, request.updateMask, ["nickname"]);
      return database.answer(call, async (tx) => {
        const member = await known(tx.store, memberId);
        if (nickname === undefined || nickname === member.nickname) return toOwn(member, sealer);
        if (await tx.store.isNicknameTaken(nickname, memberId)) throw refuse.NICKNAME_TAKEN({ nickname });
        const renamed = await tx.store.rename(member, nickname);
        const about = { aggregateId: memberId, aggregateVersion: renamed.version };
        tx.publish(memberUpdated, { memberId, nickname }, about);
        return toOwn(renamed, sealer);
      });
    },

    async listMembers(request) {
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [request.query] },
        (before, size) => database.store.page(request.query, before, size),
        ({ memberId }) => memberId,
      );
      return { members: rows.map(toPublic), nextPageToken };
    },
  };
}

async function known(store: MemberStore, memberId: string): Promise<Member> {
  const member = await store.find(memberId);
  if (!member) throw refuse.MEMBER_NOT_FOUND({ memberId });
  return member;
}
